"""Lists of references of what the library holds, formatted and as files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.protocols.citing import CitationFormatter, CitationStyle, FormattedReference
from alexandria.protocols.extraction import Record
from alexandria.services.export import ExportService

MOST_CITED = 500
"""Resources in one list."""
DEFAULT_STYLE = "apa"

Exporter = Callable[[Iterable[Record]], Iterator[str]]


class CitingService:
    """`exporters`: format of a file to what writes it."""

    def __init__(
        self,
        export: ExportService,
        formatter: CitationFormatter,
        exporters: Mapping[str, Exporter],
    ) -> None:
        self._export = export
        self._formatter = formatter
        self._exporters = exporters

    def styles(self) -> list[CitationStyle]:
        return self._formatter.styles()

    def references(self, resource_ids: Sequence[str], style: str) -> list[FormattedReference]:
        """Give the list of references of resources, in the order that the style asks for.

        Raises NotFoundError for a resource or style that is not there, and InvalidInputError for
        too many resources or a style that can't be used.
        """
        return self._formatter.references(self._records(resource_ids), style)

    def file(self, resource_ids: Sequence[str], file_format: str) -> str:
        """Give a file of the resources' records. Raises as `references` does."""
        if file_format not in self._exporters:
            raise InvalidInputError(
                f"There is no format {file_format[:40]!r}.",
                f"Take one of {', '.join(self._exporters)}.",
            )
        return "".join(self._exporters[file_format](self._records(resource_ids)))

    def _records(self, resource_ids: Sequence[str]) -> list[Record]:
        ids = list(dict.fromkeys(resource_ids))
        if not ids:
            raise InvalidInputError("Nothing was chosen to cite.", "Choose at least one resource.")
        if len(ids) > MOST_CITED:
            raise InvalidInputError(
                f"{len(ids)} resources are too many for one list.",
                f"Choose at most {MOST_CITED}; `alexandria export` writes any number.",
            )
        records = list(self._export.records(ids))
        if len(records) < len(ids):
            raise NotFoundError(
                f"{len(ids) - len(records)} of the {len(ids)} resources are not in the library.",
                "They may have been deleted; look into the trash.",
            )
        return records
