"""The matrix's rows that stand for many accounts: headings of groups, and the totals below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.domain.outcomes import PolicyGrade, Verdict
from accounts.models import Region
from dashboard.group_pages import GroupedPage, GroupedPages, Part
from dashboard.grouping import Group, Groups
from dashboard.matrix import BrokerTotal
from dashboard.tables.cells import BLANK, heat
from dashboard.tallies import PUBLISHED, ByRegion, Members, Tally, whole
from dashboard.words import VERDICT_WORDS, plural

LARGE = 1_000  # from here on a total is cut to thousands: its column has room for some four signs
BESIDE = (Verdict.UNKNOWN, Verdict.UNUSED, Verdict.ABSENT)  # what is said after "in use", the first that there is


@dataclass(frozen=True, slots=True)
class Said:
    """A figure with a second line and what it says on hover."""

    line: str
    more: str
    title: str
    bad: bool = False  # whether the second line tells of something wrong


@dataclass(frozen=True, slots=True)
class Summary:
    """One row for many accounts."""

    accounts: int
    role: Said
    policy: Said
    brokers: Tally
    regions: SafeString

    @property
    def total(self) -> BrokerTotal:
        """The brokers of all regions, hidden ones too."""
        return BrokerTotal(self.brokers.brokers, self.brokers.complete)

    @property
    def rests_on(self) -> str:
        """On how many cells the total rests."""
        return f"{sum_in_words(self.brokers)}; {rests_on(self.brokers, 'cell')}"


@dataclass(frozen=True, slots=True)
class Heading:
    """A group's row. `turn` is the query that collapses the group, or opens it again."""

    summary: Summary
    group: Group
    name: str
    above: str
    named: bool
    continued: bool
    turn: str


def headings(page: GroupedPage, regions: Iterable[Region], found: Mapping[str, ByRegion]) -> dict[str, Heading]:
    """The headings of a page by the groups' keys."""
    pages: GroupedPages = page.paginator  # type: ignore[assignment]
    codes = [region.code for region in regions]
    return {
        part.group.key: heading(
            part, summary(part.group.members, codes, found[part.group.key]), pages.groups, pages.page_of(part.line)
        )
        for part in page.parts
    }


def heading(part: Part, summed: Summary, groups: Groups, page: int) -> Heading:
    """One heading; its link leads to the page where the heading then is."""
    group = part.group
    above, _, name = group.key.rpartition("/") if groups.by.name == "unit" else ("", "", group.key)
    turn = groups.turning(group) + (f"&page={page}" if page > 1 else "")
    return Heading(
        summed, group, name or groups.by.nothing, above.replace("/", " / "), bool(group.key), part.continued, turn
    )


def summary(members: Members, codes: Iterable[str], found: ByRegion) -> Summary:
    """What is said of some accounts: `found` has all their regions, `codes` those that have a column."""
    most = max((tally.brokers or 0 for tally in found.values()), default=0)
    cells = mark_safe("".join([tally_html(found[code], most) for code in codes]))  # noqa: S308 each is safe
    return Summary(members.accounts, _roles(members), _policies(members), whole(found.values()), cells)


def _roles(members: Members) -> Said:
    counts = {verdict: members.verdicts.get(verdict.value, 0) for verdict in Verdict}
    found = [one for one in (Verdict.IN_USE, *BESIDE) if counts[one]]
    words = [f"{counts[one]:,} {VERDICT_WORDS[one].lower()}" for one in found]
    (line, more), left = (*words, "", "")[:2], sum(counts[one] for one in found[2:])
    return Said(line, more + (f" +{left:,}" if left else ""), ", ".join(words))


def _policies(members: Members) -> Said:
    graded = {word: count for word, count in members.grades.items() if word}
    exact, new, unread = (graded.get(word, 0) for word in (PolicyGrade.EXACT, PUBLISHED, PolicyGrade.UNREADABLE))
    other = sum(graded.values()) - exact - new - unread
    beside = [
        f"≠ {plural(other, 'differs', 'differ')}" if other else "",
        f"{new:,} as AWS published" if new else "",
        f"? {unread:,} unread" if unread else "",
    ]
    words = {PUBLISHED: "new, published by AWS"}
    title = ", ".join(f"{n:,} {words.get(word, word.replace('_', ' '))}" for word, n in sorted(graded.items()))
    return Said(f"✓ {exact:,} exact" if exact else "", ", ".join(filter(None, beside)), title, bad=bool(other))


def tally_html(tally: Tally, most: int) -> SafeString:
    """The <td> of one region: a sum with its reservation, and on hover on what it rests. `most` is its row's largest.

    The style sheet has the words of its signs: there may be 1,700 of these on a page.
    """
    if not tally.expected:
        return BLANK
    said = f"{sum_in_words(tally)}; {rests_on(tally)}"
    return format_html('<td class="c t{}" title="{}">{}</td>', _kind(tally, most), said, _short(tally))


def sum_in_words(tally: Tally) -> str:
    """The sum as a screen reader says it: `at least 12 brokers`."""
    if tally.brokers is None:
        return "not enabled anywhere" if tally.complete else "brokers not known"
    least = "" if tally.complete else "at least "
    return f"{least}{plural(tally.brokers, 'broker')}" if tally.brokers or least else "no brokers"


def rests_on(tally: Tally, what: str = "account") -> str:
    """On what a total rests: `3 of 5 accounts answered, 1 of them old, 1 not enabled`."""
    if not tally.polled:
        return "not polled: switched off in the region table"
    old = f", {tally.old:,} of them old" if tally.old else ""
    failing = f", {tally.failing:,} failing" if tally.failing else ""
    off = f", {tally.disabled:,} not enabled" if tally.disabled else ""
    return f"{tally.answered:,} of {plural(tally.expected, what)} answered{old}{failing}{off}"


def _kind(tally: Tally, most: int) -> str:
    """The style class of a sum: its blue, or what is drawn where there is no figure."""
    if tally.brokers is None:
        return (
            " never" if tally.polled and not tally.complete else " region_disabled" if tally.polled else " unsupported"
        )
    return f" heat{warmth(tally.brokers, most)}" if tally.brokers else " heat0" if tally.complete else " zero"


def warmth(brokers: int, most: int) -> int:
    """The step of blue for a sum: by its share of the row's largest, lest a large estate be one dark bar.

    Never darker than a cell with as many brokers.
    """
    share = next(step for step, part in ((4, 2), (3, 4), (2, 10), (1, most)) if brokers * part >= most)
    return min(share, heat(brokers))


def _short(tally: Tally) -> str:
    if not tally.brokers:
        return ""  # the style sheet has a sign for it: for none, for none that is known of, for nothing known
    figure = _figure(tally.brokers)
    return figure if tally.complete else f"≥{figure}"


def _figure(brokers: int) -> str:
    """A sum in three or four signs: what is cut off is never rounded up."""
    if brokers < LARGE:
        return str(brokers)
    thousands, hundreds = brokers // 1000, brokers % 1000 // 100
    return f"{thousands}.{hundreds}k" if thousands < 10 and hundreds else f"{thousands}k"
