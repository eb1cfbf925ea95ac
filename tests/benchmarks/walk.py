"""The walk of docs/onboarding.md, timed: from an empty `./run --no-demo` to two hundred accounts that were read.

A browser does what the page says, against the local AWS; each step's time is printed. The person's reading is not in
it, nor is what AWS takes to deploy a StackSet: the script puts the roles there in its place.

.venv/bin/python -m tests.benchmarks.walk [ACCOUNTS]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from dashboard.demo.estate import HUB_ACCESS_KEY_ID, HUB_SECRET_ACCESS_KEY
from dashboard.demo.local_aws.client import LocalAws, start_local_aws

HEADER = "account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags\n"
SLOW = 240_000


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Stopwatch:
    """Prints what each step took, and all of them."""

    def __init__(self) -> None:
        self.total = 0.0

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """Time one step."""
        began = time.monotonic()
        yield
        took = time.monotonic() - began
        self.total += took
        say(f"{took:7.1f} s  {words}")


def main(count: int) -> None:
    """Do the walk and print the times."""
    watch, names = (
        Stopwatch(),
        {f"{300_000_000_000 + number * 7919:012}": f"team-{number:03}" for number in range(count)},
    )
    with start_local_aws("empty") as aws, tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        file = write_file(Path(folder), names)
        with watch.step("./run --no-demo, until it prints its address"):
            house, address, password = start(aws, data)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM") or None, args=["--no-sandbox", "--disable-gpu"]
                )
                walk(browser.new_page(), watch, address, password, file, aws, names)
                browser.close()
        finally:
            house.terminate()
            house.wait(60)
    say(f"{watch.total:7.1f} s  in all, for {count} accounts")


def write_file(folder: Path, names: dict[str, str]) -> Path:
    """The CSV that an inventory would give: no external ids yet."""
    file = folder / "accounts.csv"
    lines = (f"{key},{name},arn:aws:iam::{key}:role/MqSlrReader,,,env=dev\n" for key, name in names.items())
    file.write_text(HEADER + "".join(lines))
    return file


def start(aws: LocalAws, data: Path) -> tuple[subprocess.Popen[str], str, str]:
    """Start Rolecall beside the local AWS; its address and the password of admin."""
    hub = {"AWS_ACCESS_KEY_ID": HUB_ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": HUB_SECRET_ACCESS_KEY}
    environment = {**os.environ, **hub, "AWS_ENDPOINT_URL": aws.url, "AWS_REGION": "us-east-1"}
    command = [sys.executable, "-m", "dashboard.demo.run", "--no-demo", "--port", "0", "--data", str(data)]
    house = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    said = ""
    for line in house.stdout or ():
        said += line
        if line.startswith("No accounts yet"):
            break
    address = re.search(r"http://\S+", said)
    password = re.search(r"admin / (\S+)", said)
    assert address and password, said
    return house, address[0].rstrip("/"), password[1]


def walk(
    page: Page, watch: Stopwatch, site: str, password: str, file: Path, aws: LocalAws, names: dict[str, str]
) -> None:
    """What docs/onboarding.md says, step by step."""
    page.set_default_timeout(30_000)
    with watch.step("sign in"):
        page.goto(site)
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Overview").wait_for()
    import_file(page, watch, file)
    result = page.url
    make_roles(page, watch, aws, names)
    page.goto(result)
    check_and_poll(page, watch, len(names))
    with watch.step("open the matrix"):
        page.goto(f"{site}/matrix/")
        page.get_by_role("heading", name="Matrix").wait_for()


def import_file(page: Page, watch: Stopwatch, file: Path) -> None:
    """From the overview to what came of the file."""
    with watch.step("choose the file, see its preview"):
        page.get_by_role("link", name="Import accounts from a CSV").click()
        page.get_by_label("File", exact=True).set_input_files(file)
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("heading", name="What accounts.csv would do").wait_for()
    with watch.step("import"):
        page.get_by_role("button", name="Import").click()
        page.get_by_role("heading", name="accounts added").wait_for()


def make_roles(page: Page, watch: Stopwatch, aws: LocalAws, names: dict[str, str]) -> None:
    """Take the template, and put into the local AWS what a StackSet would have made of it."""
    with watch.step("download the StackSet’s template"):
        page.get_by_role("link", name="The StackSet", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        template = download.value.path().read_text()
    prefix = re.search(r"rolecall-[0-9a-f]{16,}", template)
    assert prefix, template
    for account_id, name in names.items():
        aws.put_account(account_id, name=name, external_id=f"{prefix[0]}-{account_id}", role={})


def check_and_poll(page: Page, watch: Stopwatch, count: int) -> None:
    """The two buttons, each until all accounts have answered."""
    many, progress = f"{count} accounts", page.locator("#import-progress")
    with watch.step(f"check the access of {many}"):
        page.get_by_role("button", name=f"Check {many}").click()
        expect(progress).to_contain_text(f"ready {count}", timeout=SLOW)
    with watch.step(f"poll {many}"):
        page.get_by_role("button", name=f"Poll {many} now").click()
        expect(progress).to_contain_text(f"{count} of {many} read", timeout=SLOW)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
