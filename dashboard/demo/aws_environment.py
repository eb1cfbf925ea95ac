"""What our children are told about AWS: nothing of the person's own, unless real AWS is wanted."""

from __future__ import annotations

import os

NOBODY = "http://127.0.0.1:9"  # nothing listens there: a test that slips past the local AWS fails


def speak_only_to(endpoint_url: str, key_id: str = "none", secret_key: str = "none") -> None:  # noqa: S107 - no secret
    """Point this process and its children at one AWS, and hide every real credential from them."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ENDPOINT_URL=endpoint_url,
        AWS_ACCESS_KEY_ID=key_id,
        AWS_SECRET_ACCESS_KEY=secret_key,
        AWS_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    _never_through_a_proxy()


def _never_through_a_proxy() -> None:
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
