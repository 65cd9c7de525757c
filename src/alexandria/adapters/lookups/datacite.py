"""DataCite's REST interface, `GET /dois/{doi}`: https://support.datacite.org/docs/api-get-doi."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from alexandria.adapters.extractors.bibliography import kind_of, plain_block
from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.lookups.json_reading import (
    line_at,
    object_at,
    objects_at,
    parse_object,
    without_empty,
)
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record
from alexandria.protocols.identifiers import canonical_url, find_arxiv
from alexandria.protocols.languages import language_code

ACCEPT = "application/vnd.api+json"
_TYPES: Mapping[str, str] = {
    "Audiovisual": "media",
    "BookChapter": "chapter",
    "Collection": "dataset",
    "ComputationalNotebook": "software",
    "ConferencePaper": "conference-paper",
    "ConferenceProceeding": "proceedings",
    "DataPaper": "article",
    "Dissertation": "thesis",
    "Image": "media",
    "JournalArticle": "article",
    "Preprint": "preprint",
    "Sound": "media",
}
"""`resourceTypeGeneral` of the DataCite schema 4 that are called otherwise here."""


def address(base: str, _contact: str, doi: str) -> str:
    return f"{base}/dois/{quote(doi, safe='')}"


def read(data: bytes, doi: str) -> Record | None:
    found = object_at(parse_object(data), "data", "attributes")
    if not found:
        raise ExtractionError("It holds no record of a DOI.")
    container = object_at(found, "container")
    return Record(
        title=_title(found),
        abstract=_abstract(found),
        authors=tuple(dict.fromkeys(_people(found))),
        year=year_of(line_at(found, "publicationYear")),
        venue=line_at(container, "title"),
        doi=doi,
        arxiv_id=find_arxiv(doi),
        url=canonical_url(line_at(found, "url")),
        language=language_code(line_at(found, "language")),
        type=_type(object_at(found, "types")),
        extra=without_empty(
            {
                "volume": line_at(container, "volume"),
                "number": line_at(container, "issue"),
                "pages": _pages(container),
                "publisher": line_at(found, "publisher")
                or line_at(object_at(found, "publisher"), "name"),
                "version": line_at(found, "version"),
            }
        ),
    )


def _title(found: dict[str, Any]) -> str | None:
    """Give the main title, which has no type, and the subtitle after it."""
    titles = list(objects_at(found, "titles"))
    main = next((line_at(one, "title") for one in titles if not one.get("titleType")), None)
    under = next(
        (line_at(one, "title") for one in titles if one.get("titleType") == "Subtitle"), None
    )
    main = main or (line_at(titles[0], "title") if titles else None)
    return f"{main}: {under}" if main and under and under not in main else main


def _abstract(found: dict[str, Any]) -> str | None:
    for one in objects_at(found, "descriptions"):
        if one.get("descriptionType") == "Abstract" and isinstance(one.get("description"), str):
            return plain_block(one["description"])
    return None


def _people(found: dict[str, Any]) -> list[str]:
    return [name for one in objects_at(found, "creators") if (name := _person(one))]


def _person(one: dict[str, Any]) -> str | None:
    parts = [part for key in ("givenName", "familyName") if (part := line_at(one, key))]
    name = line_at(one, "name")
    if len(parts) == 2:
        return " ".join(parts)
    return name if one.get("nameType") == "Organizational" else first_last(name or "")


def _type(types: dict[str, Any]) -> str | None:
    general = line_at(types, "resourceTypeGeneral") or ""
    if general in {"", "Text", "Other"}:
        # The form that bibliographies use says more than "Text".
        return kind_of(line_at(types, "bibtex"))
    return _TYPES.get(general) or kind_of(general)


def _pages(container: dict[str, Any]) -> str | None:
    pages = [page for name in ("firstPage", "lastPage") if (page := line_at(container, name))]
    return "-".join(dict.fromkeys(pages)) or None
