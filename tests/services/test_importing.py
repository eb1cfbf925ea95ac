"""A CSV is taken whole or refused whole, with every bad line named."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, AuditEntry, Broker, Cell, RoleStatus, SealedCredential, StoredRegionStates
from accounts.services.account_files import COLUMNS, BadFile, read_accounts
from accounts.services.deleting import delete_accounts
from accounts.services.importing import ExternalIds, fill_external_ids, import_accounts, parse_tags

HEADER = ",".join(COLUMNS)


def csv_of(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines)).encode()


def row(account_id: str = "111122223333", name: str = "orders", **changes: str) -> str:
    fields = {
        "reader": f"arn:aws:iam::{account_id}:role/MqSlrReader",
        "cleaner": "",
        "external_id": "ext-1",
        "tags": "env=prod",
        **changes,
    }
    return ",".join((account_id, name, fields["reader"], fields["cleaner"], fields["external_id"], fields["tags"]))


def problems(content: bytes) -> list[str]:
    with pytest.raises(BadFile) as refusal:
        read_accounts(content)
    return [str(problem) for problem in refusal.value.problems]


def test_a_good_row_is_read_with_its_partition_and_tags() -> None:
    (found,) = read_accounts(csv_of(row(reader="arn:aws-us-gov:iam::111122223333:role/x/Reader", tags="a=1;b=2")))

    assert (found.account_id, found.partition, found.tags) == ("111122223333", "aws-us-gov", {"a": "1", "b": "2"})


def test_a_byte_order_mark_crlf_and_blank_lines_are_understood() -> None:
    content = b"\xef\xbb\xbf" + csv_of(row(), "", ",,,,,").replace(b"\n", b"\r\n")

    assert len(read_accounts(content)) == 1


def test_dashes_and_spaces_in_an_id_are_understood() -> None:
    line = row().replace("111122223333,", "1111-2222-3333,", 1)

    assert read_accounts(csv_of(line))[0].account_id == "111122223333"


def test_wrong_columns_are_all_named() -> None:
    found = problems(b"account_id,name,role,tags,tags\n")

    assert all(problem.startswith("line 1: ") for problem in found)
    assert "reader_role_arn” is missing" in found[0]
    assert any("unknown column “role”" in problem for problem in found)
    assert any("“tags” appears twice" in problem for problem in found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(row().replace("111122223333,", "11112222333,", 1), "has 11 digits, not 12: did a", id="11 digits"),
        pytest.param(row().replace("111122223333,", "x,", 1), "is not 12 digits", id="no digits"),
        pytest.param(row(reader="arn:aws:iam::999999999999:role/R"), "role of account 9999", id="other account"),
        pytest.param(row(reader="arn:aws:iam::111122223333:user/R"), "not the ARN of an IAM role", id="a user"),
        pytest.param(row(reader=""), "reader_role_arn is empty", id="no reader"),
        pytest.param(row(name=""), "name is empty", id="no name"),
        pytest.param(row(name="x" * 201), "more than 200", id="long name"),
        pytest.param(row(cleaner="arn:aws:iam::111122223333:role/MqSlrReader"), "two roles", id="one role for both"),
        pytest.param(row(cleaner="arn:aws-cn:iam::111122223333:role/C"), "another partition", id="two partitions"),
        pytest.param(row(external_id="a b"), "external_id must be", id="illegal external id"),
        pytest.param(row(external_id="x" * 1225), "external_id must be", id="long external id"),
        pytest.param(row(tags="=prod"), "has no key", id="tag without key"),
        pytest.param("111122223333,orders", "2 fields, not 6", id="too few fields"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(line: str, said: str) -> None:
    (problem,) = problems(csv_of(row("444455556666"), line))

    assert problem.startswith("line 3: ")
    assert said in problem


def test_everything_wrong_with_a_line_is_said_at_once() -> None:
    found = problems(csv_of(row("1", name="", external_id="!")))

    assert len(found) == 4
    assert {problem.split(":")[0] for problem in found} == {"line 2"}


def test_two_rows_for_one_account_are_refused_with_both_lines() -> None:
    (problem,) = problems(csv_of(row(), row("444455556666"), row()))

    assert problem == "line 4: account 111122223333 stands on line 2 already"


def test_line_numbers_survive_a_line_break_inside_quotes() -> None:
    (problem,) = problems(csv_of(row(tags='"a=1;\nb=2"'), row("1")))[:1]

    assert problem.startswith("line 4: ")


def test_bad_utf8_names_its_line() -> None:
    (problem,) = problems(csv_of(row()) + b"\n\xff\xfe")

    assert problem.startswith("line 3: not UTF-8")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"\n\n\n", b"PK\x03\x04\xff"])
def test_what_is_no_csv_is_refused_with_a_reason(content: bytes) -> None:
    assert problems(content)


@given(st.binary(max_size=400))
def test_no_bytes_whatever_break_the_reader(content: bytes) -> None:
    try:
        read_accounts(content)
    except BadFile as refusal:
        assert refusal.problems


@given(st.dictionaries(st.from_regex(r"\A[a-z:]{1,9}\Z"), st.from_regex(r"\A[a-z0-9 -]{0,9}\Z").map(str.strip)))
def test_tags_are_read_as_they_were_written(tags: dict[str, str]) -> None:
    assert parse_tags(";".join(f"{key}={value}" for key, value in tags.items())) == tags


def test_tags_may_be_json() -> None:
    assert parse_tags('{"env": "prod", "note": "a;b=c"}') == {"env": "prod", "note": "a;b=c"}


@pytest.mark.django_db
def test_an_import_adds_updates_and_is_noted() -> None:
    import_accounts(read_accounts(csv_of(row())), "operator")
    first = Account.objects.get().updated_at

    done = import_accounts(read_accounts(csv_of(row(name="orders-2"), row("444455556666"))), "operator")

    assert (done.created, done.updated) == (1, 1)
    assert Account.objects.get(account_id="111122223333").updated_at > first
    assert Account.objects.get(account_id="111122223333").name == "orders-2"
    assert AuditEntry.objects.filter(actor="operator", action="import accounts").count() == 2


@pytest.mark.django_db
def test_a_dry_run_counts_and_stores_nothing() -> None:
    done = import_accounts(read_accounts(csv_of(row())), "operator", dry_run=True)

    assert done.created == 1
    assert not Account.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_20_000_rows_are_taken_whole() -> None:
    lines = (row(f"{number:012d}", f"account {number}") for number in range(20_000))

    done = import_accounts(read_accounts(csv_of(*lines)), "operator")

    assert done.created == Account.objects.count() == 20_000


def test_one_bad_line_in_100_000_refuses_the_file() -> None:
    lines = [row(f"{number:012d}") for number in range(100_000)]
    lines[77_777] = row(name="")

    assert problems(csv_of(*lines)) == ["line 77779: name is empty"]


@pytest.mark.django_db
def test_an_account_that_moves_to_another_partition_takes_nothing_along() -> None:
    import_accounts(read_accounts(csv_of(row())), "operator")
    account, now = Account.objects.get(), timezone.now()
    Cell.objects.create(account=account, region_id="us-east-1", outcome="denied", checked_at=now)
    RoleStatus.objects.create(account=account, verdict="unused")
    Broker.objects.create(account=account, region_id="us-east-1", arn="arn:x", broker_id="b", name="b", seen_at=now)
    StoredRegionStates.objects.create(account=account, by_code={"us-east-1": "DISABLED"}, read_at=now)
    Account.objects.update(organization_state="SUSPENDED", organization_state_since=now)

    import_accounts(read_accounts(csv_of(row().replace("arn:aws:", "arn:aws-us-gov:"))), "operator")

    account.refresh_from_db()
    assert (account.partition, account.next_poll_at) == ("aws-us-gov", None)
    assert not account.rests
    assert not (account.cells.exists() or account.brokers.exists() or RoleStatus.objects.exists())
    assert not StoredRegionStates.objects.exists()


@pytest.mark.django_db
def test_a_deleted_account_that_comes_back_keeps_the_external_id_that_its_role_asks_for() -> None:
    import_accounts(read_accounts(csv_of(row())), "operator")
    delete_accounts(Account.objects.all(), "operator")
    known = Account.every.get().external_id
    bare = [replace(one, external_id="") for one in read_accounts(csv_of(row()))]

    filled, made = fill_external_ids(bare, ExternalIds.RANDOM)

    assert known
    assert ([one.external_id for one in filled], made) == ([known], 0)


@pytest.mark.django_db
def test_an_account_that_stays_in_its_partition_keeps_what_is_known() -> None:
    import_accounts(read_accounts(csv_of(row())), "operator")
    RoleStatus.objects.create(account=Account.objects.get(), verdict="unused")

    import_accounts(read_accounts(csv_of(row(name="orders-2"))), "operator")

    assert RoleStatus.objects.exists()


@pytest.mark.django_db
def test_a_session_of_a_role_that_is_no_longer_used_is_forgotten() -> None:
    import_accounts(read_accounts(csv_of(row())), "operator")
    account, now = Account.objects.get(), timezone.now()
    session = {"sealed": b"x", "external_id_sha256": "x", "expires_at": now, "created_at": now}
    SealedCredential.objects.create(account=account, purpose="reader", role_arn=account.reader_role_arn, **session)
    SealedCredential.objects.create(account=account, purpose="cleaner", role_arn="arn:of-before", **session)

    import_accounts(read_accounts(csv_of(row(name="orders-2"))), "operator")

    assert list(SealedCredential.objects.values_list("purpose", flat=True)) == ["reader"]


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (r'"{""a"": ""\u0000""}"', "control character"),
        (r'"{""a"": ""\ud800""}"', "control character"),
        ('"{""a"":' + "[" * 30_000 + '"', "too deep"),
    ],
)
def test_tags_that_no_table_could_hold_are_refused(tags: str, said: str) -> None:
    (problem,) = problems(csv_of(row(tags=tags)))

    assert problem.startswith("line 2: tags")
    assert said in problem
