"""The reader of the CSV: what it understands, what it says of the rest, and that what is written reads back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.services.account_files import COLUMNS, HEADER, MAX_BYTES, MAX_ROWS, BadFile, read_accounts, write_accounts
from accounts.services.importing import AccountRow

ARN = "arn:aws:iam::111122223333:role/MqSlrReader"
LINE = f"111122223333,orders,{ARN},,ext-1,env=prod"
ROW = AccountRow("111122223333", "orders", "aws", ARN, "", "ext-1", {"env": "prod"})
GOOD = f"{HEADER}\n{LINE}\n"


def problems(content: bytes | str) -> list[str]:
    with pytest.raises(BadFile) as refusal:
        read_accounts(content.encode() if isinstance(content, str) else content)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(GOOD.replace(",", ";"), id="semicolons"),
        pytest.param(GOOD.replace(",", "\t"), id="tabs"),
        pytest.param("sep=;\r\n" + GOOD.replace(",", ";").replace("\n", "\r\n"), id="a line that names the separator"),
        pytest.param("\n \n" + GOOD, id="blank lines before the header"),
        pytest.param(GOOD.replace("\n", "\r"), id="line ends of old Macs"),
        pytest.param(GOOD.replace("account_id,name", '" Account_ID ",NAME'), id="another case, in quotes"),
        pytest.param(GOOD.replace("111122223333,orders", "1111-2222-3333,orders"), id="dashes in the id"),
        pytest.param(
            GOOD.replace("111122223333,orders", "1111\u00a02222\u00a03333,orders"), id="hard spaces in the id"
        ),
        pytest.param(GOOD.replace("111122223333,orders", "'111122223333,orders"), id="an id behind an apostrophe"),
        pytest.param(GOOD.replace("111122223333,orders", '="111122223333",orders'), id="an id kept as text"),
        pytest.param(GOOD.replace("orders", "\u00a0orders "), id="spaces around a value"),
    ],
)
def test_a_file_is_understood_as_programs_write_it(content: str) -> None:
    assert read_accounts(content.encode()) == [ROW]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_with_a_mark_of_its_encoding_is_understood(encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""

    assert read_accounts(mark + GOOD.replace("orders", "Aufträge").encode(encoding)) == [replace(ROW, name="Aufträge")]


def test_the_order_of_the_columns_is_free() -> None:
    turned = io.StringIO()
    writer = csv.writer(turned)
    writer.writerow(reversed(COLUMNS))
    writer.writerow(reversed(LINE.split(",")))

    assert read_accounts(turned.getvalue().encode()) == [ROW]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: the file is empty: its first line must be account_id,"),
        (b"\n\n", "line 1: the file is empty"),
        (HEADER.encode(), "line 1: there is no account below the header"),
        (LINE.encode(), "line 1: this is not the header: the first line must be account_id,"),
        (b"PK\x03\x04rest", "line 1: this is an Excel workbook (XLSX) or another ZIP archive: save it as “CSV UTF-8”"),
        (b"\xd0\xcf\x11\xe0rest", "line 1: this is an Excel workbook of the old kind (XLS): save it as “CSV UTF-8”"),
        (b"%PDF-1.7", "line 1: this is a PDF"),
        (GOOD.encode("utf-16-le"), "line 1: a NUL byte: this is no text, or UTF-16 without its mark"),
        (GOOD.encode() + b"a\0b", "line 3: a NUL byte"),
        (b"\xff\xfe" + GOOD.encode("utf-16-le") + b"\x00", "line 3: not whole UTF-16"),
        (b"\xff\xfe" + GOOD.encode("utf-16-le") + b"\x00\x00", "line 3: a NUL character"),
        (GOOD.encode().replace(b"orders", "Aufträge".encode("cp1252")), "line 2: not UTF-8 at byte"),
        (f'{GOOD}"111122224444,x'.encode(), 'line 3: a quote (") is opened in this row and not closed'),
        (f'{GOOD}"a"b,x'.encode(), 'line 3: something follows a closing quote (")'),
        (f'{GOOD}"{"x" * 140_000}'.encode(), 'line 3: a field of more than 131,072 characters: is a quote (") not'),
        (f"{GOOD}1,2".encode(), "line 3: 2 fields, not 6"),
        (f"{GOOD}{LINE},env".encode(), "line 3: 7 fields, not 6: a value that has a “,” in it stands in quotes"),
    ],
)
def test_what_is_no_file_of_accounts_is_refused_with_its_reason(content: bytes, said: str) -> None:
    (problem,) = problems(content)

    assert problem.startswith(said)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1.11122E+11", "did a spreadsheet round it? Format the column as text"),
        ('"1,11122E+11"', "did a spreadsheet round it? Format the column as text"),
        ("11122223333", "has 11 digits, not 12: did a spreadsheet drop a leading zero?"),
    ],
)
def test_an_id_that_a_spreadsheet_has_eaten_is_recognized(typed: str, said: str) -> None:
    (problem,) = problems(GOOD.replace("111122223333,orders", f"{typed},orders"))

    assert said in problem


def test_an_unknown_partition_is_named_with_those_that_are_known() -> None:
    (problem,) = problems(GOOD.replace("arn:aws:", "arn:aws-iso:"))

    assert "Rolecall knows the partitions aws, aws-us-gov, aws-cn" in problem


def test_a_broken_quote_hides_no_other_bad_line() -> None:
    content = f'{HEADER}\n1,a,{ARN},,,\n"a"b,x\n2,b,{ARN},,,\n"never closed\n'

    assert [problem.split(":")[0] for problem in problems(content)] == ["line 2", "line 3", "line 4", "line 5"]


def test_good_lines_beside_bad_ones_are_counted() -> None:
    with pytest.raises(BadFile) as refusal:
        read_accounts(f"{GOOD}x,y\n".encode())

    assert refusal.value.good == 1


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    assert problems(b"x" * (MAX_BYTES + 1)) == ["line 1: the file is larger than 32 MB: split it"]


def test_more_accounts_than_the_limit_are_refused() -> None:
    lines = "".join(f"{number:012},x,{ARN},,,\n" for number in range(MAX_ROWS + 1))

    assert problems(f"{HEADER}\n{lines}") == [f"line {MAX_ROWS + 2}: more than 100,000 accounts: split the file"]


# Text that a name may have: printable, nothing around it, and often what a spreadsheet takes for a formula.
PLAIN = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
NAMES = st.one_of(PLAIN, st.from_regex(r"\A['=+@＝\"-]{1,3}[a-z\"',; ]{0,5}[a-z]\Z"))
EXTERNAL_IDS = st.from_regex(r"\A[A-Za-z0-9_+=,.@:/-]{2,20}\Z")


@st.composite
def rows(draw: st.DrawFn, account_id: str) -> AccountRow:
    partition = draw(st.sampled_from(["aws", "aws-us-gov", "aws-cn"]))
    role = f"arn:{partition}:iam::{account_id}:role/"
    cleaner = draw(st.sampled_from(["", f"{role}ops/Cleaner"]))
    tags = draw(st.dictionaries(NAMES, st.one_of(st.just(""), NAMES), max_size=3))
    return AccountRow(account_id, draw(NAMES), partition, f"{role}Reader", cleaner, draw(EXTERNAL_IDS), tags)


FILES = st.lists(st.from_regex(r"\A[0-9]{12}\Z"), min_size=1, max_size=6, unique=True).flatmap(
    lambda ids: st.tuples(*map(rows, ids)).map(list)
)


@given(FILES)
def test_what_is_written_reads_back_the_same(accounts: list[AccountRow]) -> None:
    assert read_accounts(b"".join(write_accounts(accounts))) == accounts


@given(FILES)
def test_nothing_that_is_written_acts_as_a_formula(accounts: list[AccountRow]) -> None:
    text = b"".join(write_accounts(accounts)).decode()

    assert not [
        cell
        for line in csv.reader(io.StringIO(text, newline=""))
        for cell in line
        if cell.startswith(tuple("=+-@＝＋－＠"))
    ]


@given(st.binary(max_size=400), st.sampled_from([b"", HEADER.encode() + b"\n", b"\xff\xfe", b"sep=;\n"]))
def test_no_bytes_whatever_break_the_reader(content: bytes, before: bytes) -> None:
    try:
        read_accounts(before + content)
    except BadFile as refusal:
        assert refusal.problems


@given(st.text(st.sampled_from(" ,;\t\"'=\r\n{}[]:0123456789aeE+-|é"), max_size=200))
def test_no_text_below_the_header_breaks_the_reader(text: str) -> None:
    try:
        read_accounts(f"{HEADER}\n{text}".encode())
    except BadFile as refusal:
        assert refusal.problems


@given(st.lists(st.text(st.sampled_from("ab \r\n;,\"'"), max_size=8), min_size=1, max_size=6))
def test_a_bad_line_has_the_number_that_an_editor_shows(values: list[str]) -> None:
    """Tags with line ends in quotes come before a row without a name."""
    before = io.StringIO()
    writer = csv.writer(before, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, value in enumerate(values):
        account_id = f"{number:012}"
        writer.writerow((account_id, "x", ARN.replace("111122223333", account_id), "", "ext", f"k={value}"))
    text = before.getvalue()
    expected = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    found = problems(f"{text}111122223333,,{ARN},,,\n")

    assert found[-1] == f"line {expected}: name is empty"


def test_a_bad_line_is_quoted_as_it_stands_in_the_file() -> None:
    with pytest.raises(BadFile) as refusal:
        read_accounts(f"sep=,\r\n{HEADER}\r\n1,x,,,,\r\n{LINE}\r\n{LINE},{'y' * 999}\r\n".encode())

    assert [(bad.line, len(bad.quoted)) for bad in refusal.value.problems] == [(3, 7), (3, 7), (5, 200)]
    assert refusal.value.problems[0].quoted == "1,x,,,,"
