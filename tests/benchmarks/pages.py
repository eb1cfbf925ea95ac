"""How fast are the pages over 10,000 accounts × 34 regions, beside the time of their own SQL, and how heavy?

Run inside servers of its own: python -m dashboard.demo.with_servers -- .venv/bin/python -m tests.benchmarks.pages
It makes and empties its database, so never point it at one that holds anything.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks import big_estate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

PAGES = (
    "/?",
    "/matrix/?view=none",
    "/matrix/?per_page=50",
    "/matrix/?per_page=100",
    "/matrix/?per_page=100&hide=empty&density=compact&pin=eu-west-1",
    "/matrix/?sort=-brokers,name&verdict=unused",
    "/matrix/?sort=-eu-west-1&page=200",
    "/matrix/?outcome=denied",
    "/matrix/?group=unit&per_page=50",
    "/matrix/?group=top-unit&per_page=50&page=90",
    "/matrix/?group=tag:owner&collapsed=all&per_page=50",
    "/matrix/?group=partition&sort=-brokers",
    "/accounts/?view=none",
    "/accounts/?per_page=100&sort=-failing,verdict,name&page=50",
    "/accounts/?q=12&tag=env%3Dprod",
    "/accounts/?age=old",
    "/cells/?view=none",
    "/cells/?failing=yes",
    "/cells/?age=fresh&polled=yes&page=4000",
    "/cells/?sort=-brokers,region&verdict=unused&per_page=100",
    "/brokers/?view=none",
    "/brokers/?per_page=100&sort=engine,-seen_at&page=1000",
    "/regions/?view=none",
    "/sweeps/?view=none",
    "/audit/?view=none",
    "/views/?",
)
BARE = "/views/?"  # a page without a row: what a session, the rights, the bar and a form cost with any page
RATIO, LIGHT, WEIGHT = 3.0, 4.0, 300_000  # decision 22 says why a light page is measured by the bare one


class Watch:
    """Adds up the time that queries take, the fetching of their rows included."""

    def __init__(self) -> None:
        self.seconds, self.queries = 0.0, 0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Time one query."""
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.queries += 1


def main() -> None:
    """Open each page some times and print its medians."""
    options = _options()
    if not options.filled:
        big_estate.empty_database()
        print(f"{big_estate.fill(options.accounts):,} cells")  # noqa: T201
    bare = server_and_sql(_client(), BARE, options.times)[0]
    print(f"a page without a row: {1000 * bare:.0f} ms")  # noqa: T201
    missed = [page for page in PAGES if not measure(_client(), page, options.times, bare)]
    print(f"missed: {', '.join(missed)}" if missed else "every page keeps both targets")  # noqa: T201


def measure(client: Any, page: str, times: int, bare: float) -> bool:
    """Print one page's server time, SQL time, queries and weight; True when it keeps the targets."""
    server, sql, queries, weight = server_and_sql(client, page, times)
    print(  # noqa: T201
        f"{page:64} {1000 * server:6.0f} ms, its SQL {1000 * sql:6.0f} ms in {queries:2} queries"
        f" = {server / sql:4.1f} ×, {server / bare:4.1f} bare pages, {weight / 1000:5.0f} kB"
    )
    return (server <= RATIO * sql or server <= LIGHT * bare) and weight <= WEIGHT


def server_and_sql(client: Any, page: str, times: int) -> tuple[float, float, int, int]:
    """The medians of a page's seconds and of those of its SQL, its number of queries and its bytes."""
    from django.db import connection

    whole, sql, watch, weight = [], [], Watch(), 0
    for _ in range(times + 1):
        watch = Watch()
        started = time.perf_counter()
        with connection.execute_wrapper(watch):
            response = client.get(page)
        whole.append(time.perf_counter() - started)
        sql.append(watch.seconds)
        weight = len(response.content)
        assert response.status_code == 200, f"{page}: {response.status_code}"
    # The first one compiles templates.
    return statistics.median(whole[1:]), statistics.median(sql[1:]), watch.queries, weight


def _client() -> Any:
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    user, _ = User.objects.get_or_create(username="benchmark", is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--filled", action="store_true", help="the database of DATABASE_URL has such an estate already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
