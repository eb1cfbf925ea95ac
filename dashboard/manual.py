"""The documentation as pages of the site: docs/*.md rendered, with links between them that stay here."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = settings.BASE_DIR / "docs"
INDEX = "index"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading that can be linked to."""

    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class ManualPage:
    """One page of the documentation: its title, its HTML, and its sections."""

    title: str
    html: SafeString
    sections: tuple[Section, ...]


@cache
def names() -> Mapping[str, PurePosixPath]:
    """The pages that there are by the name in their address, and the file of each below docs/."""
    found = sorted([*DOCS.glob("*.md"), *DOCS.glob("decisions/*.md")])
    files = [PurePosixPath(path.relative_to(DOCS).as_posix()) for path in found]
    return {INDEX if file.name == "README.md" else str(file.with_suffix("")): file for file in files}


@cache
def manual_page(name: str) -> ManualPage:
    """Read and render a page. Raises KeyError for a name that no page has."""
    file = names()[name]
    tokens = _markdown().parse((DOCS / file).read_text(encoding="utf-8"))
    title, sections = _name_headings(tokens)
    for token in tokens:
        _stay_here(token, file.parent)
        if token.type == "th_open":
            token.attrSet("scope", "col")
    body = tokens[3:]  # the title is the page's own heading
    # Our own files; raw HTML in them is switched off and comes out as text.
    return ManualPage(title, mark_safe(_markdown().renderer.render(body, _markdown().options, {})), sections)  # noqa: S308


def anchor_of(title: str) -> str:
    """The anchor that a heading has on GitHub, so that one link serves both places."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.add_render_rule("table_open", _table_open)
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("image", lambda *_: "")  # the pictures are the repository's
    return markdown


def _table_open(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    said = escape(f"Table: {tokens[place].meta['under']}")
    caption = f'<caption class="visually-hidden">{said}</caption>'
    return f'<div class="sheet" tabindex="0" role="region" aria-label="{said}"><table>{caption}'


def _fence(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    return f'<pre tabindex="0"><code>{escape(tokens[place].content)}</code></pre>\n'


def _name_headings(tokens: list[Token]) -> tuple[str, tuple[Section, ...]]:
    """Give each heading its anchor and each table the name of what it stands under."""
    title, sections, under, tables = "", [], "", 0
    for token, following in zip(tokens, [*tokens[1:], Token("", "", 0)], strict=True):
        if token.type == "heading_open":
            under, tables = _plain(following), 0
            token.attrSet("id", anchor_of(under))
            title = title or under
            if token.tag == "h2":
                sections.append(Section(under, anchor_of(under)))
        elif token.type == "table_open":
            tables += 1
            token.meta["under"] = under if tables == 1 else f"{under}, {tables}"
    return title, tuple(sections)


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _stay_here(token: Token, folder: PurePosixPath) -> None:
    """Turn links between pages into addresses of the site; what is only in the repository becomes plain text."""
    inside = True
    for child in token.children or ():
        if child.type == "link_open":
            inside = _turn(child.attrs, folder)
            child.tag = "a" if inside else "span"
        elif child.type == "link_close":
            child.tag = "a" if inside else "span"


def _turn(attributes: MutableMapping[str, Any], folder: PurePosixPath) -> bool:
    """Rewrite one link. False when it leads out of the documentation; its address is dropped then."""
    target, _, anchor = str(attributes["href"]).partition("#")
    if target.startswith(("https://", "http://")):
        return True
    page = next((name for name, file in names().items() if file == _joined(folder, target)), None)
    if target and page is None:
        del attributes["href"]
        return False
    if page is not None:
        attributes["href"] = address_of(page) + (f"#{anchor}" if anchor else "")
    return True


def _joined(folder: PurePosixPath, target: str) -> PurePosixPath:
    parts: list[str] = []
    for part in (folder / target).parts:
        parts = parts[:-1] if part == ".." and parts else [*parts, part]
    return PurePosixPath(*parts)


def address_of(name: str, anchor: str = "") -> str:
    """Where a page of the documentation is read."""
    address = reverse("help") if name == INDEX else reverse("help-page", args=[name])
    return f"{address}#{anchor}" if anchor else address
