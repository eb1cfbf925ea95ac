"""A real browser, a real web server, a real worker and the local AWS with its demo estate."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.services.account_files import read_accounts
from accounts.services.importing import import_accounts
from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY, estate_csv
from dashboard.demo.local_aws.client import LocalAws, start_local_aws
from tests.browser.launching import QUIET
from tests.processes import worker

# Playwright's own loop runs in this thread; Django would take its presence for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium that ./test found; without one, playwright's own."""
    chromium = os.environ.get("CHROMIUM") or None
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(QUIET)}


@pytest.fixture(scope="session")
def demo_aws() -> Iterator[LocalAws]:
    """The local AWS as `./run` starts it."""
    with start_local_aws("demo") as aws:
        yield aws


@pytest.fixture
def demo_site(demo_aws: LocalAws, live_server: LiveServer, settings: Settings, tmp_path: Path) -> Iterator[str]:
    """A site with the demo estate imported and a worker waiting; nothing polled yet."""
    settings.AWS_ENDPOINT_URL = demo_aws.url
    demo_aws.reset("demo")
    import_accounts(read_accounts(estate_csv().encode()), "test")
    User.objects.create_superuser("admin", password="correct horse")
    aws = {
        "AWS_ENDPOINT_URL": demo_aws.url,
        "AWS_ACCESS_KEY_ID": HUB_ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": HUB_SECRET_ACCESS_KEY,
    }
    with worker(tmp_path / "worker.log", "--concurrency=4", **aws):
        yield live_server.url


@pytest.fixture
def sign_in(page: Page, client: Client) -> Callable[[str], None]:
    """Have signed in as the administrator. How a person does it in a browser is seen in `test_first_look.py`."""

    def go(site: str) -> None:
        client.post("/sign-in/", {"username": "admin", "password": "correct horse"})
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}])
        page.goto(site)
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    return go
