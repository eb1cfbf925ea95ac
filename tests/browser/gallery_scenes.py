"""What the gallery shows: the accounts are of the demo estate, the ways are light or dark, wide or narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

WITH_BROKERS, UNUSED = "payments-staging", "payments-dev"  # one needs a second person, the other does not
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


ALL = ("light", "dark", "narrow-light")
ROLE = account(DRIFTED, "Role templates")
SCENES = (
    Scene("overview", "Overview", "What needs a person now, and every total with what it rests on.", at("/"), ALL),
    Scene("matrix", "Matrix", "Accounts down, regions across; no answer is shown as none.", at("/matrix/"), ALL),
    Scene(
        "account", "Account", "Its policy beside the published one, what stops a deletion.", account(DRIFTED), ALL, True
    ),
    Scene("accounts", "Accounts", "Every account with the verdict on its role.", at("/accounts/")),
    Scene("brokers", "Brokers", "Every broker of every account.", at("/brokers/"), ("dark",)),
    Scene("regions", "Regions", "The guide's regions and those beyond it.", at("/regions/")),
    Scene("cleanup-plan", "A plan", "Exactly what will be deleted, and what will not.", plan(WITH_BROKERS)),
    Scene("cleanup-confirm", "The phrase", "What a person types before anything is deleted.", confirm),
    Scene("cleanup-follow", "A clean-up", "Each step is written down before it is taken.", follow, ALL),
    Scene("campaign", "A campaign", "All unused roles under one decision.", campaign),
    Scene("onboarding", "Onboarding", "How each account lets Rolecall in.", at("/onboarding/")),
    Scene("role", "A role to be made", "Written for one account and this installation.", ROLE, ("dark",)),
    Scene("sweep", "A sweep", "One round of polling, and what it cost.", at("/sweeps/1/")),
    Scene("views", "Views and reports", "What is kept of the lists, and what programs fetch.", report),
    Scene("help", "Help", "The documentation, where Rolecall runs.", at("/help/glossary/"), ("light", "narrow-dark")),
)
