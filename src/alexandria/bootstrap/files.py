"""What reads documents, and keeps their files."""

import shutil
from functools import lru_cache

from alexandria.adapters.extraction import IsolatedExtractor
from alexandria.adapters.extractors.limits import Limits, Ocr
from alexandria.adapters.file_store import LocalFileStore
from alexandria.config import Settings, get_settings
from alexandria.protocols import PageSanitiser

FILE_KEPT_SECONDS = 3600
"""So long a file may be in the store before what refers to it is committed."""
_OCR_SHARE = 0.7  # of the time for a document; the rest is for its text


@lru_cache(maxsize=1)
def extractor() -> IsolatedExtractor:
    settings = get_settings()
    return IsolatedExtractor(
        seconds=settings.alexandria_extraction_seconds,
        memory_bytes=settings.alexandria_extraction_memory_mb * 1_000_000,
        limits=Limits(
            max_bytes=settings.alexandria_max_file_mb * 1_000_000, ocr=text_recognition(settings)
        ),
    )


def text_recognition(settings: Settings) -> Ocr | None:
    """Give how pages that are pictures are read, or None where tesseract is not installed."""
    program = shutil.which("tesseract")
    if not program or not settings.alexandria_ocr_languages:
        return None
    seconds = _OCR_SHARE * settings.alexandria_extraction_seconds
    return Ocr(program, settings.alexandria_ocr_languages, seconds)


def file_store() -> LocalFileStore:
    return LocalFileStore(get_settings().data_dir / "files")


def page_sanitiser() -> PageSanitiser:
    from alexandria.adapters.page_sanitiser import sanitise  # noqa: PLC0415 (it loads lxml)

    return sanitise
