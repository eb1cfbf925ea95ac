"""Acts upon clean-ups: asked for by the right people, with a password given lately, and said in words when refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from accounts.domain.cleanups import State
from accounts.models import Account, AuditEntry, Cleanup
from dashboard.aws_turn import aws_turn
from dashboard.sign_in import MOST_FAILURES, PROVED_AT
from tests.dashboard.cleanup_factories import make_cleanup, make_plan, planned
from tests.dashboard.factories import make_account, make_status


@pytest.fixture
def account(db: None) -> Account:
    account = make_account(1, "warehouse-eu", cleaner_role_arn="arn:aws:iam::100007654321:role/cleaner")
    make_status(account)
    return account


@pytest.fixture
def drafted(account: Account) -> Cleanup:
    return make_cleanup(account, make_plan(account, planned(account)))


@pytest.fixture
def second(db: None) -> Client:
    """Another operator's browser."""
    user = User.objects.create_user("anna", password="another horse")
    user.groups.add(Group.objects.get(name="operator"))
    browser = Client()
    browser.force_login(user)
    return browser


def grow_stale(browser: Client) -> None:
    session = browser.session
    session[PROVED_AT] = (timezone.now() - timedelta(minutes=11)).timestamp()
    session.save()


def confirm(browser: Client, cleanup: Cleanup, **changed: str) -> str:
    """Send the confirmation as the page would; give the page that comes of it."""
    plan = cleanup.plan
    assert plan is not None
    form = {"phrase": plan.phrase, "hash": cleanup.plan_sha256, **changed}
    return browser.post(f"{cleanup.get_absolute_url()}confirm/", form, follow=True).content.decode()


def test_planning_begins_a_look_and_leads_to_its_page(operating: Client, account: Account) -> None:
    response = operating.post(f"/accounts/{account.account_id}/cleanup/")

    cleanup = Cleanup.objects.get()
    assert response["Location"] == cleanup.get_absolute_url()
    assert cleanup.requested_by == "operator"


def test_planning_beside_an_open_clean_up_leads_to_that_one(operating: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), State.DELETING_BROKERS)

    response = operating.post(f"/accounts/{account.account_id}/cleanup/")

    assert response["Location"] == cleanup.get_absolute_url()
    assert Cleanup.objects.count() == 1


def test_ticked_brokers_are_in_the_next_plan(operating: Client, account: Account, drafted: Cleanup) -> None:
    arn = planned(account, "stock", "eu-west-1", "ActiveMQ").arn

    operating.post(f"{drafted.get_absolute_url()}redraw/", {"choose": "yes", "include": arn})

    assert Cleanup.objects.open().get().include_arns == [arn]


def test_drawing_anew_keeps_what_was_ticked(operating: Client, account: Account) -> None:
    arn = planned(account).arn
    cleanup = make_cleanup(account, make_plan(account, planned(account)), include_arns=[arn])

    operating.post(f"{cleanup.get_absolute_url()}redraw/")

    assert Cleanup.objects.open().get().include_arns == [arn]


def test_the_confirmation_shows_the_phrase_and_names_the_number_on_the_button(
    operating: Client, drafted: Cleanup
) -> None:
    html = operating.get(f"{drafted.get_absolute_url()}confirm/").content.decode()

    assert "delete 2 from warehouse-eu" in html
    assert "Delete 1 broker and the role</button>" in html
    assert "cannot be brought back" in html
    assert "2 deletions: 1 broker and the role" in html
    assert drafted.plan and all(f"<code>{arn}</code>" in html for arn in drafted.plan.arns)


def test_the_right_phrase_confirms(operating: Client, drafted: Cleanup) -> None:
    html = confirm(operating, drafted)

    drafted.refresh_from_db()
    assert (drafted.state, drafted.confirmed_by) == (State.AWAITING_APPROVAL, "operator")
    assert "second person approves" in html


@pytest.mark.parametrize("changed", [{"phrase": "delete"}, {"phrase": ""}, {"hash": "another"}])
def test_another_phrase_or_plan_confirms_nothing_and_says_so(
    operating: Client, drafted: Cleanup, changed: dict[str, str]
) -> None:
    html = confirm(operating, drafted, **changed)

    drafted.refresh_from_db()
    assert drafted.state == State.DRAFTED
    assert 'role="alert"' in html


@pytest.mark.parametrize("act", ["confirm", "approve"])
def test_danger_asks_for_the_password_again(operating: Client, drafted: Cleanup, act: str) -> None:
    grow_stale(operating)

    url = f"{drafted.get_absolute_url()}{act}/"
    asked, sent = operating.get(url), operating.post(url, {"phrase": "x"})

    assert asked["Location"] == sent["Location"] == f"/sign-in/again/?next={url.replace('/', '%2F')}"
    drafted.refresh_from_db()
    assert drafted.state == State.DRAFTED


def test_the_password_leads_on_to_where_one_was_going(operating: Client, drafted: Cleanup) -> None:
    grow_stale(operating)
    url = f"{drafted.get_absolute_url()}confirm/"

    response = operating.post("/sign-in/again/", {"password": "correct horse", "next": url})

    assert response["Location"] == url
    assert operating.get(url).status_code == 200


def test_a_wrong_password_leads_nowhere_and_is_counted(operating: Client, drafted: Cleanup) -> None:
    grow_stale(operating)
    for _ in range(MOST_FAILURES):
        operating.post("/sign-in/again/", {"password": "wrong"})

    html = operating.post("/sign-in/again/", {"password": "correct horse"}).content.decode()

    assert "Wait 5 minutes" in html
    assert operating.get(f"{drafted.get_absolute_url()}confirm/").status_code == 302


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_password_leads_to_no_other_site(operating: Client, url: str) -> None:
    assert operating.post("/sign-in/again/", {"password": "correct horse", "next": url})["Location"] == "/"


def test_somebody_elses_password_is_not_taken(operating: Client, second: Client) -> None:
    grow_stale(operating)

    response = operating.post("/sign-in/again/", {"username": "anna", "password": "another horse"})

    assert b"do not fit" in response.content


def test_a_second_person_approves_the_same_plan(operating: Client, second: Client, drafted: Cleanup) -> None:
    confirm(operating, drafted)

    page = second.get(f"{drafted.get_absolute_url()}approve/").content.decode()
    second.post(f"{drafted.get_absolute_url()}approve/", {"hash": drafted.plan_sha256})

    drafted.refresh_from_db()
    assert drafted.plan_sha256 in page
    assert (drafted.state, drafted.approved_by) == (State.APPROVED, "anna")


def test_whoever_confirmed_cannot_approve(operating: Client, drafted: Cleanup) -> None:
    confirm(operating, drafted)

    operating.post(f"{drafted.get_absolute_url()}approve/", {"hash": drafted.plan_sha256})

    drafted.refresh_from_db()
    assert drafted.state == State.AWAITING_APPROVAL


def test_a_page_with_nothing_to_approve_leads_back(operating: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account))

    assert operating.get(f"{cleanup.get_absolute_url()}approve/")["Location"] == cleanup.get_absolute_url()


@pytest.mark.parametrize(("region", "why"), [("me-south-1", ""), ("", "because")])
def test_regions_are_accepted_only_with_a_name_and_a_reason(
    second: Client, account: Account, region: str, why: str
) -> None:
    cleanup = make_cleanup(account, make_plan(account, unknown={"me-south-1": "denied"}))

    second.post(f"{cleanup.get_absolute_url()}regions/", {"region": [region] if region else [], "why": why})

    cleanup.refresh_from_db()
    assert cleanup.accepted_regions == {}


def test_a_second_person_accepts_a_region_and_stays_on_record(
    operating: Client, second: Client, account: Account
) -> None:
    cleanup = make_cleanup(account, make_plan(account, unknown={"me-south-1": "denied"}))

    second.post(f"{cleanup.get_absolute_url()}regions/", {"region": ["me-south-1"], "why": "empty since May"})
    html = second.get(cleanup.get_absolute_url()).content.decode()

    assert "Accepted as unseen by anna: empty since May" in html
    assert 'id="confirm"' not in html
    assert 'id="confirm"' in operating.get(cleanup.get_absolute_url()).content.decode()


def test_a_reason_that_no_table_can_hold_does_no_harm(second: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, unknown={"me-south-1": "denied"}))

    response = second.post(f"{cleanup.get_absolute_url()}regions/", {"region": ["me-south-1"], "why": "emp\0ty"})

    cleanup.refresh_from_db()
    assert (response.status_code, cleanup.accepted_regions) == (400, {})


def test_an_arn_that_no_table_can_hold_is_refused(operating: Client, account: Account) -> None:
    arn = f"arn:aws:mq:eu-west-1:{account.account_id}:broker:orders\0:b-1"

    response = operating.post(f"/accounts/{account.account_id}/cleanup/", {"include": arn})

    assert response.status_code == 400
    assert not Cleanup.objects.exists()


def test_signs_that_no_page_shows_are_left_out_of_a_reason(second: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, unknown={"me-south-1": "denied"}))

    second.post(f"{cleanup.get_absolute_url()}regions/", {"region": ["me-south-1"], "why": "emp\x07ty"})

    cleanup.refresh_from_db()
    assert cleanup.accepted_regions["me-south-1"]["why"] == "empty"


def test_an_arn_with_signs_that_no_page_shows_is_refused(operating: Client, account: Account) -> None:
    arn = f"arn:aws:mq:eu-west-1:{account.account_id}:broker:orders\x07:b-1"

    html = operating.post(f"/accounts/{account.account_id}/cleanup/", {"include": arn}, follow=True).content.decode()

    assert "is not a broker of" in html and not Cleanup.objects.exists()


def test_accepting_a_region_asks_for_the_password_and_comes_back_to_the_plan(second: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, unknown={"me-south-1": "denied"}))
    grow_stale(second)

    response = second.post(f"{cleanup.get_absolute_url()}regions/", {"region": ["me-south-1"], "why": "empty"})

    assert response["Location"] == f"/sign-in/again/?next=%2Fcleanups%2F{cleanup.pk}%2F"
    cleanup.refresh_from_db()
    assert cleanup.accepted_regions == {}


def test_whoever_asked_cannot_accept_a_region(second: Client, account: Account) -> None:
    plan = make_plan(account, unknown={"me-south-1": "denied"})
    cleanup = make_cleanup(account, plan, requested_by="anna")

    second.post(f"{cleanup.get_absolute_url()}regions/", {"region": ["me-south-1"], "why": "empty"})

    cleanup.refresh_from_db()
    assert cleanup.accepted_regions == {}


def test_pausing_and_resuming(operating: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), State.DELETING_BROKERS)
    url = f"{cleanup.get_absolute_url()}paused/"

    paused = operating.post(url, {"paused": "yes"}, follow=True).content.decode()
    resumed = operating.post(url, {"paused": "no"}, follow=True).content.decode()

    assert "deleting brokers, paused" in paused
    assert "Resume</button>" in paused
    assert "Pause</button>" in resumed


def test_cancelling_says_first_what_has_been_done(operating: Client, account: Account) -> None:
    cleanup = make_cleanup(account, make_plan(account, planned(account)), State.DELETING_BROKERS)
    url = f"{cleanup.get_absolute_url()}cancel/"

    asked = operating.get(url).content.decode()
    cleanup.refresh_from_db()
    wanted_before = cleanup.cancel_wanted_by
    operating.post(url)

    cleanup.refresh_from_db()
    assert "Nothing was deleted." in asked
    assert (wanted_before, cleanup.cancel_wanted_by) == ("", "operator")


def test_a_plan_is_discarded(operating: Client, drafted: Cleanup) -> None:
    operating.post(f"{drafted.get_absolute_url()}cancel/")

    drafted.refresh_from_db()
    assert drafted.state == State.CANCELLED


@pytest.mark.parametrize("act", ["cancel", "redraw", "rehearse", "approve", "confirm"])
def test_acting_upon_what_is_over_changes_nothing_and_says_so(operating: Client, account: Account, act: str) -> None:
    cleanup = make_cleanup(account, make_plan(account), State.DONE)

    html = operating.post(f"{cleanup.get_absolute_url()}{act}/", {"hash": cleanup.plan_sha256}, follow=True)

    cleanup.refresh_from_db()
    assert cleanup.state == State.DONE
    assert html.status_code == 200


def test_the_web_server_asks_aws_for_one_person_at_a_time(operating: Client, drafted: Cleanup) -> None:
    rehearse = f"{drafted.get_absolute_url()}rehearse/"

    with aws_turn():
        second = operating.post(rehearse, follow=True).content.decode()
        remade = operating.post(f"{drafted.account.get_absolute_url()}role/recreate/").content.decode()
    alone = operating.post(rehearse, follow=True).content.decode()

    said = "asking AWS for somebody else"
    assert (said in second, said in remade, said in alone) == (True, True, False)


def test_an_account_is_protected_and_the_switch_is_on_record(operating: Client, account: Account) -> None:
    operating.post(f"/accounts/{account.account_id}/protected/", {"protected": "yes"})

    account.refresh_from_db()
    assert account.protected
    assert AuditEntry.objects.get().subject == str(account)


def test_the_end_of_a_protection_is_confirmed_on_a_page_of_its_own(operating: Client, account: Account) -> None:
    Account.objects.update(protected=True)

    page = operating.post(f"/accounts/{account.account_id}/protected/", {"protected": "no"}, follow=True)

    account.refresh_from_db()
    assert account.protected
    assert "End the protection of 1 account" in page.content.decode()


def test_a_protected_account_says_so_on_its_page(operating: Client, account: Account) -> None:
    html = operating.post(f"/accounts/{account.account_id}/protected/", {"protected": "yes"}, follow=True)

    assert "No clean-up deletes anything here" in html.content.decode()
