"""What the keyword index is told of a resource."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from alexandria.models import Resource
from alexandria.protocols import SearchEntry

_BETWEEN_AUTHORS = " ; "


def entry_for(resource: Resource) -> SearchEntry:
    return SearchEntry(
        resource_id=resource.id,
        title=resource.title,
        abstract=resource.abstract or "",
        authors=_BETWEEN_AUTHORS.join(resource.authors),
        content=resource.content,
        terms=" ".join(
            [*resource.tags, *resource.subjects, resource.venue or "", *_names(resource)]
        ),
        language=resource.language,
    )


def load_live(
    session: Session, resource_ids: Collection[str], *, for_update: bool = False
) -> Sequence[Resource]:
    """Load the resources that are not deleted with all that an entry needs, in few statements.

    `for_update`: nobody changes them until the transaction ends.
    """
    query = select(Resource).where(
        Resource.id.in_(list(resource_ids)), Resource.deleted_at.is_(None)
    )
    if for_update:
        query = query.order_by(Resource.id).with_for_update(key_share=True, of=Resource)
    return session.scalars(
        query.options(
            selectinload(Resource.body),
            selectinload(Resource.author_rows),
            selectinload(Resource.identifier_rows),
            selectinload(Resource.tag_rows),
            selectinload(Resource.subject_rows),
        ).execution_options(populate_existing=True)
    ).all()


def _names(resource: Resource) -> list[str]:
    """Give identifiers as people type them: `arxiv:1706.03762`, an address as it is."""
    return [
        value if scheme == "url" else f"{scheme}:{value}"
        for scheme, value in sorted(resource.identifiers.items())  # as given they have no order
    ]
