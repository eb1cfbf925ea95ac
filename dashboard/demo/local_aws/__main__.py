"""`python -m dashboard.demo.local_aws --port N [--estate demo|empty]`: serve until told to stop."""

from __future__ import annotations

import argparse
import signal
import sys
from ipaddress import ip_address

from dashboard.demo.local_aws.app import LocalAws
from dashboard.demo.local_aws.control import ESTATES, load_estate
from dashboard.demo.local_aws.server import Server


def main() -> int:
    """Serve; 2 when the port is taken or the address is not this machine's own."""
    parser = argparse.ArgumentParser(prog="local_aws", description="A local AWS for Rolecall's demo and tests.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and says which")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--estate", choices=ESTATES, default="empty")
    options = parser.parse_args()
    if not ip_address(options.host).is_loopback:
        print(f"{options.host} is not a loopback address: the local AWS listens on 127.0.0.1 only", file=sys.stderr)
        return 2
    aws = LocalAws()
    load_estate(aws, options.estate)
    try:
        server = Server((options.host, options.port), aws)
    except OSError as error:
        print(f"Cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"ready {options.host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
