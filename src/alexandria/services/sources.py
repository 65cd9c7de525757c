"""What an ingestion brings, as a document: from the file store, the web, or a public service."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from alexandria.db import release
from alexandria.errors import InvalidInputError
from alexandria.models import Ingestion
from alexandria.protocols import FileStore, WebFetcher
from alexandria.protocols.extraction import ExtractedDocument, Extractor
from alexandria.protocols.lookups import read_identifier
from alexandria.services.lookups import LookupService


class SourceReader:
    def __init__(
        self,
        session: Session,
        extractor: Extractor,
        fetcher: WebFetcher,
        files: FileStore,
        lookups: LookupService,
    ) -> None:
        self._session = session
        self._extractor = extractor
        self._fetcher = fetcher
        self._files = files
        self._lookups = lookups

    def read(self, ingestion: Ingestion, folder: Path) -> ExtractedDocument:
        """Read it; the files within it go into the folder. Commits after a fetch or look-up."""
        if ingestion.source == "identifier":
            return self._look_up(ingestion)
        if ingestion.sha256 is None:
            self._fetch(ingestion)
        return self._extractor.extract(
            self._files.path(ingestion.sha256 or ""),
            filename=ingestion.name,
            declared_type=ingestion.media_type,
            url=ingestion.url,
            members=folder,
        )

    def _fetch(self, ingestion: Ingestion) -> None:
        with TemporaryDirectory() as folder:
            fetched = self._fetcher.fetch(ingestion.url or "", Path(folder) / "body")
            ingestion.sha256 = self._files.put(fetched.path)
            ingestion.bytes = fetched.path.stat().st_size
        ingestion.url, ingestion.media_type = fetched.url, fetched.content_type
        release(self._session)

    def _look_up(self, ingestion: Ingestion) -> ExtractedDocument:
        identifier = read_identifier(ingestion.name)
        if identifier is None:
            raise InvalidInputError(f"{ingestion.name!r} is no identifier.", "Add it once more.")
        record = self._lookups.find(identifier, by=ingestion.lease_by or ingestion.id)
        return ExtractedDocument(media_type="", kind="document", record=record)


def can_be_read_again(ingestion: Ingestion) -> bool:
    """Tell whether there is something to read: bytes that were taken in, or where to get them."""
    return bool(ingestion.sha256 or ingestion.url or ingestion.source == "identifier")
