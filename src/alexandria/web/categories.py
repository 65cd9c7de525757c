"""The tree of categories with what stands in each."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from alexandria.access import Reading
from alexandria.models import Category
from alexandria.web.rendering import number_of, page, reader, same_site

router = APIRouter(prefix="/ui/categories", dependencies=[Depends(reader), Depends(same_site)])

_SHOWN = 50


@router.get("")
def tree(request: Request, services: Reading) -> HTMLResponse:
    found = services.categories.categories()
    return page(
        request,
        "categories.html",
        services,
        rows=_rows(found),
        counts=services.review.counts(),
        total=len(found),
    )


@router.get("/{category_id}")
def category(
    request: Request, category_id: str, services: Reading, start: str = ""
) -> HTMLResponse:
    """Show a category and its resources, from the place `start` on."""
    one = services.categories.get(category_id)
    found = services.categories.categories()
    by_id = {each.id: each for each in found}
    above: list[Category] = []
    while (above[0] if above else one).parent_id:
        above.insert(0, by_id[(above[0] if above else one).parent_id or ""])
    place = number_of(start) or 0
    listed = services.review.resources_in(category_id, _SHOWN + 1, place)
    return page(
        request,
        "category.html",
        services,
        category=one,
        above=above,
        below=_below(found, category_id),
        counts=services.review.counts(),
        listed=listed[:_SHOWN],
        after=place + _SHOWN if len(listed) > _SHOWN else None,
    )


def _rows(found: list[Category]) -> list[tuple[Category, bool, int]]:
    """Give each category, whether a list of those below it opens, and how many lists end with it.

    A tree may be deeper than a template can call itself.
    """
    depths: dict[str | None, int] = {None: -1}
    for one in found:
        depths[one.id] = depths[one.parent_id] + 1
    levels = [depths[one.id] for one in found]
    return [
        (one, after > level, max(0, level - after))
        for one, level, after in zip(found, levels, [*levels[1:], 0], strict=False)
    ]


def _below(found: list[Category], category_id: str | None) -> list[Category]:
    return [one for one in found if one.parent_id == category_id]
