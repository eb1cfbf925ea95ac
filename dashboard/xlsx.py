"""A workbook that is written while its rows are read: no temporary file, the same memory for ten rows and a million.

openpyxl and XlsxWriter write the whole sheet to a file of their own before the first byte leaves, at 7 and 14 thousand
rows a second; this is ECMA-376 §18 as far as a plain table needs it. Text stays text: it cannot act as a formula.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from xml.sax.saxutils import escape

ROWS_OF_SHEET = 1_000_000  # Excel's own limit is 1,048,576
ROWS_AT_ONCE = 500
TEXTS_KEPT = 20_000
CELL_LENGTH = 32_767  # Excel's limit, in UTF-16 as it counts; it calls a file with longer text damaged
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
# What XML cannot hold, and what would be read as the escape of such a character.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_SPECIAL = re.compile("[&<>_\x00-\x20\ufffe\uffff\ud800-\udfff]")
_NUMBERS = (int, float)
_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
# Style 1 is bold. Style 2 says, as an apostrophe typed before it does, that this text is no formula even once edited.
_FONTS = (
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
)
_FILLS = (
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
)
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}">{_FONTS}{_FILLS}<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf fontId="1" applyFont="1"/>'
    '<xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class _Pipe:
    """What the archive is written to: nobody can seek in it, and what has been written is taken away."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do: `take` empties it."""

    def take(self) -> bytes:
        taken = b"".join(self.written)
        self.written.clear()
        return taken


def xlsx_blocks(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], rows_of_sheet: int = ROWS_OF_SHEET
) -> Iterator[bytes]:
    """The file in blocks: a bold header row that stays in sight, then the rows; a new sheet when one is full."""
    pipe, left, sheets = _Pipe(), iter(rows), 0
    # The fastest compression: rows repeat so much that a better one gains a tenth and costs three times as much.
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload]
        for name, text in _first_parts():
            archive.writestr(name, text)
        first = next(left, None)
        while sheets == 0 or first is not None:
            sheets += 1
            of_sheet = chain(() if first is None else (first,), islice(left, rows_of_sheet - 1))
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as sheet:
                for text in _sheet(columns, of_sheet):
                    sheet.write(text.encode())
                    yield pipe.take()
            first = next(left, None)
        for name, text in _last_parts(title, sheets):
            archive.writestr(name, text)
    yield pipe.take()


def _sheet(columns: Sequence[str], rows: Iterator[Sequence[object]]) -> Iterator[str]:
    pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    wide = f'<cols><col min="1" max="{len(columns)}" width="18" customWidth="1"/></cols>'
    head = "".join(f'<c s="1" t="inlineStr"><is><t>{_escaped(name)}</t></is></c>' for name in columns)
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}">{views}{wide}<sheetData><row>{head}</row>'
    texts = _Texts()
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield "".join([f"<row>{''.join([_cell(value, texts) for value in row])}</row>" for row in chunk])
    yield "</sheetData></worksheet>"


class _Texts(dict[str, str]):
    """Cells of text by their text: most of a table's words come again and again."""

    def __missing__(self, text: str) -> str:
        if len(self) >= TEXTS_KEPT:
            self.clear()
        self[text] = cell = _text_cell(text)
        return cell


def _cell(value: object, texts: _Texts) -> str:
    if value.__class__ is str:
        return texts[value]
    if value is None:
        return "<c/>"
    if value.__class__ is bool:
        return f'<c t="b"><v>{value:d}</v></c>'
    # What is no number is text: a repr in its place would be XML that no spreadsheet opens.
    return f"<c><v>{value!r}</v></c>" if value.__class__ in _NUMBERS else texts[str(value)]


def _text_cell(text: str) -> str:
    if not text:
        return "<c/>"
    style = ' s="2"' if text[0] in _FORMULA_STARTS else ""
    if _SPECIAL.search(text) is None and 2 * len(text) <= CELL_LENGTH:
        return f'<c{style} t="inlineStr"><is><t>{text}</t></is></c>'
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{_escaped(_shortened(text))}</t></is></c>'


def _shortened(text: str) -> str:
    wide = text.encode("utf-16-le", "surrogatepass") if 2 * len(text) > CELL_LENGTH else b""
    if len(wide) <= 2 * CELL_LENGTH:
        return text
    return f"{wide[: 2 * (CELL_LENGTH - 1)].decode('utf-16-le', 'ignore')}…"  # ignored: half a character at the cut


def _escaped(text: str) -> str:
    """Text for XML; a character that XML cannot hold is written as Excel writes it: `_x0001_`."""
    return escape(_UNSPEAKABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text))


def _first_parts() -> Iterator[tuple[str, str]]:
    """The small files that say what the archive is: every file is a sheet but those that are named."""
    kinds = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles"}
    types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    types += f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
    types += "".join(f'<Override PartName="/{k}" ContentType="{_TYPE}.{v}+xml"/>' for k, v in kinds.items())
    yield "[Content_Types].xml", f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">{types}</Types>'
    yield "_rels/.rels", _relations([("rId1", "officeDocument", "xl/workbook.xml")])
    yield "xl/styles.xml", _STYLES


def _last_parts(title: str, sheets: int) -> Iterator[tuple[str, str]]:
    """The list of sheets, once their number is known."""
    numbers = range(1, sheets + 1)
    names = [title[:31] if number == 1 else f"{title[:24]} {number}" for number in numbers]
    listed = "".join(f'<sheet name="{names[n - 1]}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    targets = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _relations([*targets, ("rId0", "styles", "styles.xml")])


def _relations(targets: Sequence[tuple[str, str, str]]) -> str:
    inside = "".join(f'<Relationship Id="{i}" Type="{_OFFICE}/{kind}" Target="{path}"/>' for i, kind, path in targets)
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inside}</Relationships>'
