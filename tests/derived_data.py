"""Checks of what is derived: the ledger's word against what a computation from scratch gives."""

from typing import Any

from sqlalchemy import or_, select, text

from alexandria.bootstrap import Services
from alexandria.db import LibrarySession, get_engine, reading, writing
from alexandria.models import (
    AuthorLink,
    AuthorList,
    AuthorMention,
    Citation,
    CitationList,
    ClassificationPrediction,
    ClassificationRun,
    DuplicateKey,
    DuplicatePair,
    DuplicateSignature,
    EmbeddingRow,
    GraphKey,
    GraphNode,
    LedgerRow,
    PassageRow,
    QualityScore,
    Resource,
)
from alexandria.protocols import KeywordQuery, Term
from alexandria.services.derivations import DERIVATIONS
from alexandria.services.embeddings import EmbeddingService
from alexandria.services.fields import FIELDS, as_inputs, read_field
from alexandria.services.ledger import RESOURCE
from alexandria.services.quality_rules import WEIGHTS

Fields = dict[str, dict[str, Any]]


def fields() -> Fields:
    """Give the fields of every resource, deleted ones too."""
    with reading() as session:
        return {
            one.id: {name: read_field(one, name) for name in FIELDS} | {"deleted": one.deleted_at}
            for one in session.scalars(select(Resource))
        }


def nothing_is_silently_stale() -> None:
    """What the ledger calls fresh is what a computation from scratch gives."""
    with LibrarySession(get_engine(), expire_on_commit=False) as session:
        services = Services(session)
        for resource in session.scalars(select(Resource)).all():
            rows = services.freshness.of([resource.id])[resource.id]
            if resource.deleted_at is None:
                active = {one.name for one in services.ledger.active}
                assert rows.keys() == active, "a row of the ledger is missing"
            for name, row in rows.items():
                if row.due_at is None:
                    assert resource.deleted_at is None, f"{name} of a deleted resource is kept"
                    assert computed_again(session, services, name, resource.id), name


def computed_again(
    session: LibrarySession, services: Services, name: str, resource_id: str
) -> bool:
    """Tell whether computing it anew changes nothing; what it changed is taken back."""
    # The cache is to stay as it is.
    embeddings = EmbeddingService(session, services.embeddings._embedder, None)
    show, compute = {
        "search": (indexed, services.search.update_fts5_index),
        "embedding": (vector, embeddings.generate_and_store_embeddings),
        "passages": (passages, services.passages.embed_passages),
        "quality": (quality, services.quality.compute_qualities),
        "classification": (classification, services.classification.classify_resources),
        "duplicates": (duplicates, services.near_duplicates.compute_duplicates),
        "citations": (citations, services.citations.extract_citations),
        "graph": (graph, services.graph.add_citation_edges),
        "authors": (authors, services.authors.normalize_names),
    }[name]
    before = show(session, resource_id)
    assert before is not None, f"there is no {name}"
    compute([resource_id])
    session.flush()
    after = show(session, resource_id)
    session.rollback()
    return bool(before == after)


def indexed(session: LibrarySession, resource_id: str) -> Any:
    fulltext = Services(session).fulltext
    number = "rowid" if session.get_bind().dialect.name == "sqlite" else "document"
    query = (
        f"SELECT title, abstract, authors, content, terms FROM {fulltext.name} "
        f"JOIN search_documents ON search_documents.id = {fulltext.name}.{number} "
        "WHERE resource_id = :id"
    )
    return session.execute(text(query), {"id": resource_id}).one_or_none()


def vector(session: LibrarySession, resource_id: str) -> Any:
    """Give the vector of the model that is computed for, which may still be built."""
    query = select(EmbeddingRow.vector, EmbeddingRow.model).where(
        EmbeddingRow.resource_id == resource_id,
        EmbeddingRow.model == Services(session).producer_of("embedding"),
    )
    row = session.execute(query).one_or_none()
    return row and (row if row.vector else None)


def passages(session: LibrarySession, resource_id: str) -> Any:
    """Give the passages of the model that is computed for; None while some are missing."""
    query = select(PassageRow.spans, PassageRow.vectors, PassageRow.complete).where(
        PassageRow.resource_id == resource_id,
        PassageRow.model == Services(session).producer_of("embedding"),
    )
    row = session.execute(query).one_or_none()
    return row and (row if row.complete and row.vectors is not None else None)


def quality(session: LibrarySession, resource_id: str) -> Any:
    names = ("overall", *WEIGHTS, "reasons")
    query = select(*(getattr(QualityScore, name) for name in names))
    return session.execute(query.where(QualityScore.resource_id == resource_id)).one_or_none()


def classification(session: LibrarySession, resource_id: str) -> Any:
    """Give the categories with their confidences; None if they were not predicted."""
    run = session.get(ClassificationRun, resource_id, populate_existing=True)
    rows = session.execute(
        select(ClassificationPrediction.category_id, ClassificationPrediction.confidence)
        .where(ClassificationPrediction.resource_id == resource_id)
        .order_by(ClassificationPrediction.category_id)
    )
    return run and [tuple(row) for row in rows]


def duplicates(session: LibrarySession, resource_id: str) -> Any:
    """Give signature, keys and pairs; None without a signature."""
    row = session.scalar(
        select(DuplicateSignature)
        .where(DuplicateSignature.resource_id == resource_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    names = ("title", "names", "year", "identifiers")
    sketches = ("title_sketch", "abstract_sketch", "content_sketch")
    keys = select(DuplicateKey.key).where(DuplicateKey.number == row.number)
    pairs = select(DuplicatePair.id, DuplicatePair.score, DuplicatePair.evidence).where(
        or_(DuplicatePair.first_id == resource_id, DuplicatePair.second_id == resource_id)
    )
    return (
        {name: getattr(row, name) for name in (*names, *sketches)},
        set(session.scalars(keys)),
        {pair.id: tuple(pair) for pair in session.execute(pairs)},
    )


def citations(session: LibrarySession, resource_id: str) -> Any:
    """Give the references and their keys; None where they were not read."""
    if session.get(CitationList, resource_id, populate_existing=True) is None:
        return None
    own = select(Citation.fingerprint, Citation.position, Citation.raw, Citation.title)
    rows = session.execute(own.where(Citation.resource_id == resource_id))
    return sorted(tuple(row) for row in rows)


def graph(session: LibrarySession, resource_id: str) -> Any:
    """Give node, keys and the edges out; None without a node."""
    row = session.scalar(
        select(GraphNode)
        .where(GraphNode.resource_id == resource_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    keys = select(GraphKey.key).where(GraphKey.number == row.number)
    edges = select(Citation.fingerprint, Citation.cited_id, Citation.score, Citation.evidence)
    return (
        (row.title, row.authors, row.year, row.identifiers),
        set(session.scalars(keys)),
        {
            edge.fingerprint: tuple(edge)
            for edge in session.execute(edges.where(Citation.resource_id == resource_id))
        },
    )


def authors(session: LibrarySession, resource_id: str) -> Any:
    """Give each author as its names, and the links among these; None where none were read."""
    if session.get(AuthorList, resource_id, populate_existing=True) is None:
        return None
    own = select(AuthorMention.author_id).where(AuthorMention.resource_id == resource_id)
    people = list(session.scalars(own.order_by(AuthorMention.position)))
    mentions = select(
        AuthorMention.resource_id, AuthorMention.position, AuthorMention.printed
    ).order_by(AuthorMention.resource_id, AuthorMention.position)
    links = select(AuthorLink.first, AuthorLink.second, AuthorLink.kind, AuthorLink.score)
    return [
        (
            [tuple(row) for row in session.execute(mentions.where(AuthorMention.author_id == one))],
            sorted(tuple(row) for row in session.execute(links.where(AuthorLink.author_id == one))),
        )
        for one in people
    ]


def wanted_is_what_was_changed(before: Fields, after: Fields) -> None:
    """Each derivation with a changed input wants the revision of the change."""
    with reading() as session:
        services = Services(session)
        for resource_id in after.keys() & before.keys():
            changed = {f for f, v in after[resource_id].items() if before[resource_id][f] != v}
            resource = session.get_one(Resource, resource_id)
            rows = services.freshness.of([resource_id])[resource_id]
            for name, derivation in DERIVATIONS.items():
                inputs = derivation.inputs & as_inputs(changed)
                if resource.deleted_at is not None:
                    assert name not in rows or rows[name].due_at is not None
                    continue
                if "content" in inputs:
                    assert rows[name].wanted_content == resource.content_revision
                if inputs - {"content"}:
                    assert rows[name].wanted_metadata == resource.metadata_revision


def all_is_done() -> None:
    """Of resources nothing is due, and of what is deleted nothing derived is left.

    Profiles of readers stay due until ten interactions came.
    """
    with reading() as session:
        due = (LedgerRow.due_at.is_not(None), LedgerRow.subject_type == RESOURCE)
        assert session.scalars(select(LedgerRow).where(*due)).all() == []
        gone = select(Resource.id).where(Resource.deleted_at.is_not(None))
        for resource_id in session.scalars(gone):
            for show in (
                indexed,
                vector,
                passages,
                quality,
                classification,
                duplicates,
                citations,
                graph,
            ):
                assert show(session, resource_id) is None
        for row in session.scalars(select(LedgerRow).where(LedgerRow.subject_type == RESOURCE)):
            assert row.content_revision >= row.wanted_content
            assert row.metadata_revision >= row.wanted_metadata
        live = select(Resource).where(Resource.deleted_at.is_(None))
        for one in session.scalars(live):
            assert found_by_title(session, one) == {one.id}


def found_by_title(session: LibrarySession, resource: Resource) -> set[str]:
    fulltext = Services(session).fulltext
    title = Term(tuple(resource.title.split()), column="title", exact=True)
    answer = fulltext.search(KeywordQuery(all_of=(title,)), 1000)
    same = select(Resource.id).where(
        Resource.title == resource.title, Resource.deleted_at.is_(None), Resource.id != resource.id
    )
    return {one for one, _ in answer} - set(session.scalars(same))


def all_computed(resource_id: str) -> dict[str, Any]:
    with writing() as session:
        services = Services(session)
        services.search.update_fts5_index([resource_id])
        services.embeddings.generate_and_store_embeddings([resource_id])
        services.passages.embed_passages([resource_id])
        services.quality.compute_qualities([resource_id])
        services.classification.classify_resources([resource_id])
        services.near_duplicates.compute_duplicates([resource_id])
        services.citations.extract_citations([resource_id])
        services.graph.add_citation_edges([resource_id])
        services.authors.normalize_names([resource_id])
        session.flush()
        return {
            "search": indexed(session, resource_id),
            "embedding": vector(session, resource_id),
            "passages": passages(session, resource_id),
            "quality": quality(session, resource_id),
            "classification": classification(session, resource_id),
            "duplicates": duplicates(session, resource_id),
            "citations": citations(session, resource_id),
            "graph": graph(session, resource_id),
            "authors": authors(session, resource_id),
        }
