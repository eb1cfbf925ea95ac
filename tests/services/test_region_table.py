"""Every act on the region table is audited, moves verdicts at once, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.domain.readings import AccountReading, Answer, BrokerFacts, Known
from accounts.domain.region_table import Row, fingerprint
from accounts.models import Account, AuditEntry, Cell, Change, Region, RegionEdit, RoleStatus
from accounts.services.recording import record
from accounts.services.regions import (
    Refused,
    add_region,
    edit_region,
    remove_region,
    reset_preview,
    reset_regions,
    row_of,
    rows_of_table,
    set_polled,
    undo,
)
from tests.services.test_recording import whole_role

pytestmark = pytest.mark.django_db
NEW = Row("eu-new-1", "Europe (New)", opt_in=True)
Make = Callable[..., Account]


def read(account: Account, *codes: str, minutes: int = 0) -> RoleStatus:
    """Store a good reading without brokers of these regions."""
    now = timezone.now() + timedelta(minutes=minutes)
    brokers: dict[str, Answer[tuple[BrokerFacts, ...]]] = {code: Known(()) for code in codes}
    assert record(account, AccountReading(account.account_id, now, now, whole_role(account), brokers))
    return RoleStatus.objects.get(account=account)


@pytest.fixture
def small(make_account: Make) -> Account:
    """An account in a table of one region."""
    Region.objects.exclude(code="us-east-1").delete()
    return make_account()


def last_edit() -> RegionEdit:
    edit = RegionEdit.objects.first()
    assert edit is not None
    return edit


def test_an_edit_is_audited_field_by_field() -> None:
    row = row_of(Region.objects.get(code="eu-west-1"))

    edit_region(replace(row, name="Dublin", note="Ours"), "olga")

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject) == ("olga", "edit region", "eu-west-1")
    assert entry.detail == "name: “Europe (Ireland)” → “Dublin”; note: none → “Ours”"


def test_an_edit_that_changes_nothing_is_none() -> None:
    assert edit_region(row_of(Region.objects.get(code="eu-west-1")), "olga") is None
    assert not AuditEntry.objects.exists()


def test_a_row_that_is_gone_cannot_be_edited() -> None:
    with pytest.raises(Refused, match="no longer in the table"):
        edit_region(NEW, "olga")


def test_a_region_that_is_added_is_polled_and_takes_unused_away(small: Account) -> None:
    assert read(small, "us-east-1").verdict == "unused"

    add_region(NEW, "olga")

    assert Region.objects.polled_codes("aws") == ["us-east-1", "eu-new-1"]
    assert RoleStatus.objects.get().verdict == "unknown"


def test_a_region_is_not_added_twice() -> None:
    with pytest.raises(Refused, match="is in the table already, as Europe"):
        add_region(Row("eu-west-1", "Again"), "olga")


def test_the_partition_of_an_added_region_follows_from_its_code() -> None:
    add_region(Row("cn-south-1", "China (South)"), "olga")

    assert Region.objects.get(code="cn-south-1").partition == "aws-cn"


def test_a_row_that_is_shipped_stays() -> None:
    with pytest.raises(Refused, match="stop polling it instead"):
        remove_region("eu-west-1", "olga")


def test_a_region_with_known_brokers_stays(small: Account) -> None:
    add_region(NEW, "olga")
    Cell.objects.create(
        account=small, region_id="eu-new-1", outcome="denied", brokers=2, rabbitmq=2, activemq=0,
        checked_at=timezone.now(), last_ok_at=timezone.now(),
    )  # fmt: skip

    with pytest.raises(Refused, match="2 brokers are known in eu-new-1"):
        remove_region("eu-new-1", "olga")

    assert Cell.objects.filter(region="eu-new-1").exists()


def test_the_cells_of_a_removed_region_are_kept_and_come_back(small: Account) -> None:
    add_region(NEW, "olga")
    read(small, "us-east-1", "eu-new-1")
    before = Cell.objects.values().get(region="eu-new-1")

    remove_region("eu-new-1", "olga")
    assert not Cell.objects.filter(region="eu-new-1").exists()
    assert RoleStatus.objects.get().regions_ok == 1
    undo(last_edit(), "pia")

    after = Cell.objects.values().get(region="eu-new-1")
    assert {**after, "id": 0} == {**before, "id": 0}
    assert (RoleStatus.objects.get().regions_ok, RoleStatus.objects.get().verdict) == (2, "unused")
    assert not Change.objects.filter(kind="verdict", old="unused").exists()


def test_a_poll_that_ends_after_its_region_was_removed_stores_the_rest(small: Account) -> None:
    status = read(small, "us-east-1", "eu-gone-1")

    assert status.regions_ok == 1
    assert list(Cell.objects.values_list("region", flat=True)) == ["us-east-1"]


def test_a_reset_is_previewed_taken_and_undone() -> None:
    Region.objects.filter(code="eu-west-1").update(name="Dublin", polled=False)
    Region.objects.filter(code="eu-west-2").update(note="Ours")
    add_region(NEW, "olga")

    preview = reset_preview()
    assert [change.code for change in preview] == ["eu-west-1", "eu-west-2"]
    edit = reset_regions("olga", seen=fingerprint(preview))

    assert edit is not None
    assert reset_preview() == []
    assert "eu-new-1" in rows_of_table()
    undo(edit, "pia")
    assert [change.code for change in reset_preview()] == ["eu-west-1", "eu-west-2"]
    assert Region.objects.get(code="eu-west-1").name == "Dublin"


def test_a_row_that_a_reset_brought_back_goes_again_when_it_is_undone() -> None:
    Region.objects.filter(code="eu-west-1").delete()
    edit = reset_regions("olga")

    assert edit is not None
    undo(edit, "olga")

    assert "eu-west-1" not in rows_of_table()


def test_one_row_alone_is_reset() -> None:
    Region.objects.filter(code__in=["eu-west-1", "eu-west-2"]).update(polled=False)

    reset_regions("olga", ["eu-west-1"])

    assert [change.code for change in reset_preview()] == ["eu-west-2"]


def test_a_reset_brings_a_lost_row_back() -> None:
    Region.objects.filter(code="eu-west-1").delete()

    reset_regions("olga")

    assert Region.objects.get(code="eu-west-1").name == "Europe (Ireland)"


def test_a_reset_of_another_table_than_was_looked_at_is_refused() -> None:
    seen = fingerprint(reset_preview())
    set_polled(Region.objects.get(code="eu-west-1"), False, "pia")

    with pytest.raises(Refused, match="has changed since you looked"):
        reset_regions("olga", seen=seen)

    assert not Region.objects.get(code="eu-west-1").polled


def test_switching_is_an_edit_that_can_be_undone() -> None:
    set_polled(Region.objects.get(code="eu-west-1"), False, "olga")

    undo(last_edit(), "pia")

    assert Region.objects.get(code="eu-west-1").polled
    assert list(AuditEntry.objects.values_list("actor", "action")) == [
        ("pia", "undo: stop polling region"),
        ("olga", "stop polling region"),
    ]


def test_an_edit_is_undone_once() -> None:
    set_polled(Region.objects.get(code="eu-west-1"), False, "olga")
    edit = last_edit()
    undo(edit, "pia")

    with pytest.raises(Refused, match="pia has undone this already"):
        undo(edit, "olga")


def test_there_and_back_again_keeps_its_name_short() -> None:
    set_polled(Region.objects.get(code="eu-west-1"), False, "olga")
    for _ in range(20):
        undo(last_edit(), "olga")

    assert RegionEdit.objects.order_by("pk").values_list("action", flat=True)[1] == "undo: stop polling region"
    assert last_edit().action == "redo: stop polling region"
    assert not Region.objects.get(code="eu-west-1").polled


def test_a_row_that_was_changed_since_is_not_undone() -> None:
    row = row_of(Region.objects.get(code="eu-west-1"))
    edit = edit_region(replace(row, name="Dublin"), "olga")
    edit_region(replace(row, name="Eire"), "pia")

    assert edit is not None
    with pytest.raises(Refused, match="eu-west-1 was changed since"):
        undo(edit, "olga")

    assert Region.objects.get(code="eu-west-1").name == "Eire"


def test_an_added_region_that_was_polled_is_not_undone_by_the_way(small: Account) -> None:
    edit = add_region(NEW, "olga")
    read(small, "us-east-1", "eu-new-1")

    with pytest.raises(Refused, match="remove it on its own page"):
        undo(edit, "olga")


def test_cells_of_an_account_that_is_no_longer_watched_stay_away(small: Account) -> None:
    add_region(NEW, "olga")
    read(small, "us-east-1", "eu-new-1")
    remove_region("eu-new-1", "olga")
    small.delete()

    undo(last_edit(), "olga")

    assert not Cell.objects.exists()
