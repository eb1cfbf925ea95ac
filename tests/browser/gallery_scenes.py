"""What the gallery shows: the accounts are of the demo estate, the ways are light or dark, wide or narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

WITH_BROKERS, UNUSED = "payments-staging", "payments-dev"  # one needs a second person, the other does not
DENIED = "security-audit"  # a guardrail keeps everyone out of two regions
DRIFTED = "messaging-hub-dev"  # its policy lacks an action
SLOW = 60_000
Go = Callable[[Page, str], None]


@dataclass(frozen=True, slots=True)
class Scene:
    """One page: how to get there, and in which ways it is shown. A tall one is shown down to its end."""

    name: str
    title: str
    says: str
    go: Go
    ways: tuple[str, ...] = ("light",)
    tall: bool = False


def at(path: str) -> Go:
    """Open an address."""

    def go(page: Page, site: str) -> None:
        page.goto(f"{site}{path}", wait_until="networkidle")

    return go


def account(name: str, then: str = "") -> Go:
    """Open an account's page, or one below it."""

    def go(page: Page, site: str) -> None:
        page.goto(f"{site}/accounts/?q={name}")
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", name=name).wait_for()
        if then:
            page.get_by_role("link", name=then).click()
            page.wait_for_load_state("networkidle")

    return go


def plan(name: str) -> Go:
    """Draw a plan for an account and wait for it."""

    def go(page: Page, site: str) -> None:
        account(name)(page, site)
        page.get_by_role("button", name="Plan clean-up").click()
        page.get_by_role("heading", name=f"in {name}").wait_for(timeout=SLOW)

    return go


def confirm(page: Page, site: str) -> None:
    """Plan for an unused role, and type its phrase."""
    plan(UNUSED)(page, site)
    page.get_by_role("link", name="Confirm…").click()
    page.get_by_label("to confirm").press_sequentially(page.locator(".typed").first.inner_text())


def follow(page: Page, site: str) -> None:
    """Go on from the typed phrase until the role is gone."""
    page.get_by_role("button", name="Delete the role").click()
    page.locator(".rail .end").wait_for(timeout=SLOW)


def ask_around(page: Page, site: str) -> None:
    """Have the workers say who Rolecall is and check every account's roles, so that no page waits for it."""
    page.goto(f"{site}/onboarding/hub/")
    page.get_by_role("button", name="Ask AWS again").click()
    page.get_by_text("Trust policies name").first.wait_for(timeout=SLOW)
    page.goto(f"{site}/onboarding/")
    page.get_by_role("button", name="Check ").first.click()
    for _ in range(60):
        if not page.get_by_text("being checked").count():
            return
        page.wait_for_timeout(1000)
        page.reload()


def campaign(page: Page, site: str) -> None:
    """Draw the plans of all unused roles."""
    page.goto(f"{site}/campaigns/new/")
    page.locator("main form button.primary").click()
    page.get_by_role("link", name="Confirm").wait_for(timeout=SLOW)


def report(page: Page, site: str) -> None:
    """Keep a view, and go to all of them."""
    page.goto(f"{site}/accounts/?verdict=unused&sort=-brokers")
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Name of the new view").fill("Unused roles")
    page.get_by_role("button", name="Save the view").click()
    page.goto(f"{site}/views/")


def cell(page: Page, site: str) -> None:
    """Open the panel of a cell that gave no answer, from the matrix."""
    page.goto(f"{site}/matrix/?q={DENIED}", wait_until="networkidle")
    page.locator("#rows td.denied").first.click()
    page.get_by_role("dialog").get_by_text("Last probe").first.wait_for()


def act(name: str, *, ticked: int = 3) -> Go:
    """Tick accounts, and go on to what an act would change in them."""

    def go(page: Page, site: str) -> None:
        page.goto(f"{site}/accounts/?view=none", wait_until="networkidle")
        if (ticked_before := page.get_by_role("button", name="Tick none")).is_visible():
            ticked_before.click()
        for at_row in range(ticked):
            page.locator("main .tick").nth(at_row).check()
        if name not in ("Tag…", "Pause"):
            page.locator("#pick summary", has_text="More").click()
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_load_state("networkidle")

    return go


def tag(page: Page, site: str) -> None:
    """See what a tag would change in three accounts."""
    act("Tag…")(page, site)
    page.get_by_label("Add or replace it").check()
    page.get_by_label("Tag", exact=True).fill("team=messaging")
    page.get_by_role("button", name="See what changes").click()
    page.wait_for_load_state("networkidle")


def delete(page: Page, site: str) -> None:
    """Go as far as the phrase that deletes three accounts from Rolecall."""
    act("Delete…")(page, site)
    page.get_by_label("Keep it").check()
    page.get_by_role("button", name="See what changes").click()
    page.wait_for_load_state("networkidle")


def preview(text: str) -> Go:
    """Paste a file of accounts and look at what it would do."""

    def go(page: Page, site: str) -> None:
        page.goto(f"{site}/onboarding/import/")
        page.get_by_text("Paste the text instead").click()
        page.get_by_label("Text of the file").fill(text)
        page.get_by_role("button", name="Preview").click()
        page.wait_for_load_state("networkidle")

    return go


def organization(page: Page, site: str) -> None:
    """Connect the organization and read it."""
    page.goto(f"{site}/onboarding/organization/")
    page.get_by_role("button", name="Connect and read").click()
    page.get_by_role("link", name="Choose from").wait_for(timeout=SLOW)


def choose(page: Page, site: str) -> None:
    """Choose from what was read."""
    page.goto(f"{site}/onboarding/organization/")
    page.locator(".who a.name").first.click()
    page.get_by_role("link", name="Choose from").click()
    page.get_by_label("Take Workloads", exact=True).check()
    page.wait_for_load_state("networkidle")


def refresh(page: Page, site: str) -> None:
    """Ask AWS for its list of regions."""
    page.goto(f"{site}/regions/refresh/")
    page.get_by_role("button", name="Ask AWS").click()
    page.get_by_role("heading", name="AWS’s list differs").wait_for(timeout=SLOW)


def archive(page: Page, site: str) -> None:
    """Delete one account from Rolecall and see what is left of it."""
    act("Delete…", ticked=1)(page, site)
    page.get_by_label("Keep it").check()
    page.get_by_role("button", name="See what changes").click()
    page.get_by_label("Type").fill(page.locator(".typed").first.inner_text())
    page.get_by_role("button", name="Delete 1 account").click()
    page.goto(f"{site}/accounts/archived/")
    page.locator("tbody a.name, tbody a").first.click()
    page.wait_for_load_state("networkidle")


FILE = """account_id,name,reader_role_arn,cleaner_role_arn,external_id,tags
111122223333,shop-prod,arn:aws:iam::111122223333:role/MqSlrReader,,,env=prod;team=shop
444455556666,shop-dev,arn:aws:iam::444455556666:role/MqSlrReader,,,env=dev;team=shop
"""
BAD = FILE + "1.23457E+11,mail,arn:aws:iam::1:role/x,,,\n777788889999,,arn:aws:iam::777788889999:role/MqSlrReader,,,\n"
ALL = ("light", "dark", "narrow-light")
ROLE = account(DRIFTED, "Role templates")
SCENES = (
    Scene(
        "overview", "Overview", "What needs a person now, and every total with what it rests on.", at("/"), ALL, True
    ),
    Scene("matrix", "Matrix", "Accounts down, regions across; no answer is shown as none.", at("/matrix/"), ALL),
    Scene("matrix-groups", "The matrix in groups", "What each group says, and on what.", at("/matrix/?group=unit")),
    Scene("cell", "A cell", "Why a region gave no answer, and what was last known.", cell),
    Scene(
        "account", "Account", "Its policy beside the published one, what stops a deletion.", account(DRIFTED), ALL, True
    ),
    Scene("accounts", "Accounts", "Every account with the verdict on its role.", at("/accounts/")),
    Scene("cells", "Cells", "The matrix as a list: the rows behind a figure.", at("/cells/?failing=yes")),
    Scene("brokers", "Brokers", "Every broker of every account.", at("/brokers/"), ("dark",)),
    Scene("regions", "Regions", "The guide's regions and those beyond it.", at("/regions/")),
    Scene("region", "A region", "One region over all accounts.", at("/regions/eu-west-1/"), ("light",), True),
    Scene("regions-refresh", "Refresh from AWS", "What AWS lists, beside the table.", refresh),
    Scene("cleanup-plan", "A plan", "Exactly what will be deleted, and what will not.", plan(WITH_BROKERS)),
    Scene("cleanup-confirm", "The phrase", "What a person types before anything is deleted.", confirm),
    Scene("cleanup-follow", "A clean-up", "Each step is written down before it is taken.", follow, ALL),
    Scene("campaign", "A campaign", "All unused roles under one decision.", campaign),
    Scene("onboarding", "Onboarding", "How each account lets Rolecall in.", at("/onboarding/")),
    Scene("import", "An import", "What a file would do, before it does.", preview(FILE), ("light", "narrow-dark")),
    Scene("import-problems", "Bad lines", "Every line that needs another look.", preview(BAD)),
    Scene("organization", "AWS Organizations", "What the organization said, and what is new.", organization),
    Scene("organization-choice", "A choice", "Which accounts of it are taken, by rules.", choose),
    Scene("act", "An act on many", "What a tag would change, before it does.", tag, ("light", "narrow-dark")),
    Scene("act-delete", "Deleting accounts", "From Rolecall alone, by a typed phrase.", delete),
    Scene("role", "A role to be made", "Written for one account and this installation.", ROLE, ("dark",)),
    Scene("sweep", "A sweep", "One round of polling, and what it cost.", at("/sweeps/1/")),
    Scene("views", "Views and reports", "What is kept of the lists, and what programs fetch.", report),
    Scene("help", "Help", "The documentation, where Rolecall runs.", at("/help/glossary/"), ("light", "narrow-dark")),
    Scene("archived", "A deleted account", "What is kept of it, and the way back.", archive),
)
