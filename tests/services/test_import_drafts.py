"""Between preview and import a file waits sealed, for one person, for a while; what was previewed is imported, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import AccessCheck, Account, AuditEntry, HubIdentity, ImportDraft, SealedCredential
from accounts.services.account_files import HEADER, write_accounts
from accounts.services.import_drafts import (
    NoDraft,
    draft_import,
    draft_of,
    forget_drafts,
    import_draft,
    pasted_text_of,
    problems_of,
    rows_of,
)
from accounts.services.importing import AccountRow, ExternalIds, WorldChanged, compare, fill_external_ids, row_of
from accounts.services.onboarding import save_account

MakeAccount = Callable[..., Account]


def a_row(number: int = 1, **changes: object) -> AccountRow:
    account_id = f"{number:012}"
    values = AccountRow(
        account_id, f"account-{number}", "aws", f"arn:aws:iam::{account_id}:role/Reader", "", f"secret-{number}", {}
    )
    return replace(values, **changes)  # type: ignore[arg-type]


def file_of(*rows: AccountRow) -> bytes:
    return b"".join(write_accounts(rows))


def drafted(person: User, *rows: AccountRow, made: ExternalIds = ExternalIds.RANDOM) -> ImportDraft:
    return draft_import(person, "accounts.csv", file_of(*rows), made)


def mark_of(draft: ImportDraft) -> str:
    return compare(rows_of(draft)).mark


def test_what_was_previewed_is_imported(operator: User) -> None:
    draft = drafted(operator, a_row(1), a_row(2, tags={"env": "prod"}))

    done = import_draft(operator, draft.pk, mark_of(draft), check=False)

    assert [row_of(account) for account in Account.objects.order_by("account_id")] == [
        a_row(1),
        a_row(2, tags={"env": "prod"}),
    ]
    assert (done.created, done.updated, done.account_ids) == (2, 0, ["000000000001", "000000000002"])
    assert done.sealed is None
    assert AuditEntry.objects.get().detail == "2 new, 0 updated, 0 unchanged"


def test_nothing_of_the_file_can_be_read_in_the_table(operator: User) -> None:
    draft = drafted(operator, a_row(1, name="hush"))

    kept = bytes(ImportDraft.objects.get(pk=draft.pk).sealed or b"")

    assert kept
    assert not [word for word in (b"secret-1", b"hush", b"000000000001") if word in kept]


def test_a_draft_of_one_person_is_not_there_for_another(operator: User, viewer: User) -> None:
    draft = drafted(operator, a_row())

    with pytest.raises(NoDraft):
        draft_of(viewer, draft.pk)
    with pytest.raises(NoDraft):
        import_draft(viewer, draft.pk, mark_of(draft), check=False)


def test_a_sealed_file_opens_in_its_own_row_only(operator: User, viewer: User) -> None:
    mine, theirs = drafted(operator, a_row(1)), drafted(viewer, a_row(2))
    ImportDraft.objects.filter(pk=mine.pk).update(sealed=theirs.sealed)

    with pytest.raises(NoDraft):
        rows_of(draft_of(operator, mine.pk))


def test_another_file_takes_the_place_of_the_first(operator: User) -> None:
    first = drafted(operator, a_row(1))
    drafted(operator, a_row(2))

    with pytest.raises(NoDraft):
        draft_of(operator, first.pk)


def test_a_preview_is_imported_once(operator: User) -> None:
    draft = drafted(operator, a_row())
    seen = mark_of(draft)
    import_draft(operator, draft.pk, seen, check=False)

    with pytest.raises(NoDraft):
        import_draft(operator, draft.pk, seen, check=False)


def test_an_expired_preview_is_over_and_forgotten(operator: User) -> None:
    draft = drafted(operator, a_row())
    seen = mark_of(draft)
    ImportDraft.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(NoDraft):
        import_draft(operator, draft.pk, seen, check=False)
    assert (forget_drafts(), Account.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param(lambda: save_account(a_row(2), "ana"), id="a new one was added"),
        pytest.param(lambda: save_account(a_row(1, name="by hand"), "ana"), id="a known one was changed"),
        pytest.param(lambda: Account.objects.all().delete(), id="a known one was deleted"),
    ],
)
def test_a_world_that_changed_meanwhile_imports_nothing(operator: User, meanwhile: Callable[[], object]) -> None:
    save_account(a_row(1, name="before"), "ana")
    draft = drafted(operator, a_row(1), a_row(2))
    seen = mark_of(draft)
    meanwhile()
    before = list(Account.objects.values_list("account_id", "name"))

    with pytest.raises(WorldChanged):
        import_draft(operator, draft.pk, seen, check=True)

    assert list(Account.objects.values_list("account_id", "name")) == before
    assert mark_of(draft) != seen
    import_draft(operator, draft.pk, mark_of(draft), check=False)  # after another look
    assert Account.objects.count() == 2


def test_an_account_that_is_not_in_the_file_does_not_stand_in_the_way(operator: User) -> None:
    draft = drafted(operator, a_row(1))
    seen = mark_of(draft)
    save_account(a_row(9), "ana")

    import_draft(operator, draft.pk, seen, check=False)

    assert Account.objects.count() == 2


def test_new_accounts_and_other_ways_in_are_checked_when_that_is_wished(operator: User) -> None:
    for number in (1, 2):
        save_account(a_row(number), "ana")
    draft = drafted(operator, a_row(1, name="renamed"), a_row(2, external_id="another"), a_row(3))

    import_draft(operator, draft.pk, mark_of(draft), check=True)

    assert set(AccessCheck.objects.values_list("account__account_id", flat=True)) == {"000000000002", "000000000003"}


def test_an_unchanged_account_is_not_touched(operator: User) -> None:
    account = save_account(a_row(1), "ana")
    draft = drafted(operator, a_row(1), a_row(2))

    import_draft(operator, draft.pk, mark_of(draft), check=False)

    assert Account.objects.get(pk=account.pk).updated_at == account.updated_at


def test_a_changed_way_in_forgets_the_session_and_the_check(operator: User) -> None:
    account, now = save_account(a_row(1), "ana"), timezone.now()
    AccessCheck.objects.create(account=account, requested_at=now, requested_by="ana", sent_at=now, checked_at=now)
    SealedCredential.objects.create(
        account=account, purpose="reader", sealed=b"x", role_arn=account.reader_role_arn, external_id_sha256="x",
        expires_at=now, created_at=now,
    )  # fmt: skip
    draft = drafted(operator, a_row(1, reader_role_arn="arn:aws:iam::000000000001:role/Other"))

    import_draft(operator, draft.pk, mark_of(draft), check=False)

    assert not (AccessCheck.objects.exists() or SealedCredential.objects.exists())


def test_bad_lines_are_kept_until_the_file_is_mended(operator: User) -> None:
    draft = draft_import(operator, "", f"{HEADER}\nx,y\n".encode(), ExternalIds.RANDOM)

    assert [str(bad) for bad in problems_of(draft)] == ["line 2: 2 fields, not 6"]
    assert pasted_text_of(draft) == f"{HEADER}\nx,y\n"
    with pytest.raises(NoDraft):
        import_draft(operator, draft.pk, "-", check=False)


def test_an_account_without_an_external_id_gets_one_and_a_known_one_keeps_its_own(db: None) -> None:
    save_account(a_row(1, external_id="mine"), "ana")
    bare = [a_row(1, external_id=""), a_row(2, external_id=""), a_row(3, external_id="told")]

    randomly, as_stackset = (
        [row.external_id for row in fill_external_ids(bare, made)[0]]
        for made in (ExternalIds.RANDOM, ExternalIds.STACKSET)
    )

    assert (randomly[0], randomly[2]) == ("mine", "told")
    assert randomly[1].startswith("rolecall-")
    prefix = HubIdentity.objects.get(partition="aws").external_id_prefix
    assert as_stackset == ["mine", f"{prefix}-000000000002", "told"]


def test_the_name_of_a_file_is_kept_as_far_as_a_page_can_show_it(operator: User) -> None:
    draft = draft_import(operator, "a\nb\0" + "x" * 300, file_of(a_row()), ExternalIds.RANDOM)

    assert draft.file_name == "ab" + "x" * 198


def test_an_account_that_was_deleted_and_kept_comes_back_with_its_history(operator: User) -> None:
    account = save_account(a_row(1, name="before"), "ana")
    Account.every.filter(pk=account.pk).update(archived_at=timezone.now(), archived_by="ana")
    draft = drafted(operator, a_row(1), a_row(2))

    found = compare(rows_of(draft))
    import_draft(operator, draft.pk, found.mark, check=False)

    assert (len(found.new), found.returning) == (2, frozenset({"000000000001"}))
    assert Account.objects.get(account_id="000000000001").pk == account.pk
