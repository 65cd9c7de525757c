"""Where the works of a citation graph are drawn: by year from left to right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

COLUMN, ROW, TOP, MARGIN = 150, 72, 70, 95
"""Distances in the drawing's units: pixels at full size."""
LEAST_WIDTH, LEAST_HEIGHT = 1130, 520
_SMALLEST, _LARGEST = 5.0, 20.0
_SWEEPS = 4
_TITLE, _NAMES = 24, 22
"""Longest labels, in characters."""


@dataclass(frozen=True, slots=True)
class Work:
    """One node. `relation`: "me", "ref" (it is cited by me), "cit" (it cites me), or "far"."""

    id: str
    title: str
    authors: Sequence[str]
    year: int | None
    cited_by: int
    relation: str


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    label: str
    """The year, or ""."""
    gap: str = ""
    """What to say of the years left out before it."""


@dataclass(slots=True)
class Drawing:
    """`places`: x and y by id; `columns`: from left to right."""

    width: float
    height: float
    columns: list[Column]
    places: dict[str, tuple[float, float]] = field(default_factory=dict)

    def curve(self, citing: str, cited: str) -> str:
        """Give the SVG path of an edge; one within a column bends to the right."""
        (x1, y1), (x2, y2) = self.places[citing], self.places[cited]
        middle = x1 + COLUMN / 2 if x1 == x2 else (x1 + x2) / 2
        return f"M{x1:.0f} {y1:.0f}C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"


def radius(cited_by: int) -> float:
    """Give the radius of a node, whose area grows with how often it is cited."""
    return min(_LARGEST, sqrt(_SMALLEST**2 + 2.5 * cited_by))


def short_title(title: str) -> str:
    """Give the words of a title that fit below a node: those before a colon, if these are few."""
    head = title.split(":", maxsplit=1)[0]
    words = (head if len(head) <= _TITLE else title).split()
    short = ""
    for word in words:
        if len(short) + len(word) + 1 > _TITLE:
            return f"{short or word[: _TITLE - 1]}…"
        short = f"{short} {word}".strip()
    return short


def short_names(authors: Sequence[str]) -> str:
    """Give family names: "Och", "Och and Ney", "Papineni et al."."""
    written = [name for name in authors if name.strip()]
    families = [name.split(",")[0] if "," in name else name.split()[-1] for name in written]
    if not families:
        return ""
    names = families[0] + (" et al." if len(families) > 2 else "")
    if len(families) == 2:
        names = f"{families[0]} and {families[1]}"
    return names if len(names) <= _NAMES else f"{names[: _NAMES - 1]}…"


def draw(works: Sequence[Work], edges: Sequence[tuple[str, str]]) -> Drawing:
    """Place works in columns by year, near what they are linked with.

    The order in a column follows the mean height of the neighbours (the barycentre heuristic of
    Sugiyama, Tagawa and Toda, 1981), so that few edges cross. Works without a year come first.
    """
    columns, members = _columns(works)
    height = max(LEAST_HEIGHT, TOP + ROW * max(len(ids) for ids in members) + ROW / 2)
    drawing = Drawing(columns[-1].x + MARGIN, height, columns)
    linked: dict[str, list[str]] = {one.id: [] for one in works}
    for citing, cited in edges:
        linked[citing].append(cited)
        linked[cited].append(citing)
    for ids, column in zip(members, columns, strict=True):
        _spread(drawing, ids, column.x)
    for sweep in range(_SWEEPS):
        pairs = list(zip(members, columns, strict=True))
        for ids, column in pairs if sweep % 2 else reversed(pairs):
            ids.sort(key=lambda one: (_mean_height(one, linked, drawing.places), one))
            _spread(drawing, ids, column.x)
    return drawing


def _columns(works: Sequence[Work]) -> tuple[list[Column], list[list[str]]]:
    """Give columns and the ids in each; the work itself stands alone, its year's others after."""
    by_year: dict[tuple[int, int], list[str]] = {}
    for one in sorted(works, key=lambda work: (-work.cited_by, work.id)):
        year = 0 if one.year is None else one.year
        mine = any(two.relation == "me" and two.year == one.year for two in works)
        by_year.setdefault((year, int(mine and one.relation != "me")), []).append(one.id)
    columns: list[Column] = []
    step = max(COLUMN, (LEAST_WIDTH - 2 * MARGIN) / max(1, len(by_year) - 1))
    x, before = float(MARGIN), 0
    for year, beside in sorted(by_year):
        gap = ""
        if before and year > before + 1:
            gap = f"none here of {before + 1}" + (f" to {year - 1}" if year > before + 2 else "")
            x += COLUMN / 2
        label = "" if beside else str(year) if year else "no year"
        columns.append(Column(x, label, gap))
        x, before = x + step, year
    return columns, [by_year[key] for key in sorted(by_year)]


def _spread(drawing: Drawing, ids: Sequence[str], x: float) -> None:
    step = (drawing.height - TOP) / len(ids)
    for at, one in enumerate(ids):
        drawing.places[one] = (x, TOP + step * (at + 0.5) - ROW / 4)


def _mean_height(
    one: str, linked: Mapping[str, Sequence[str]], places: Mapping[str, tuple[float, float]]
) -> float:
    heights = [places[other][1] for other in linked[one]]
    return sum(heights) / len(heights) if heights else places[one][1]
