"""The documentation can be found: no link leads nowhere, and the index names every page."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = (*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")))
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def links(page: Path) -> list[Path]:
    """Where a page's links into the repository lead."""
    return [(page.parent / target).resolve() for target in LINK.findall(page.read_text())]


def test_no_link_leads_nowhere() -> None:
    broken = [(page.name, target.name) for page in PAGES for target in links(page) if not target.exists()]

    assert broken == []


def test_a_decision_bears_the_number_of_its_file() -> None:
    numbered = {page.name[:4]: re.match(r"# (\d+)\. ", page.read_text()) for page in DOCS.glob("decisions/*.md")}

    assert [number for number, found in numbered.items() if found is None or int(found[1]) != int(number)] == []


def test_the_index_names_every_page() -> None:
    index = DOCS / "README.md"

    assert set(DOCS.rglob("*.md")) - {index} <= set(links(index))
