"""From the bytes of a file to what it says: one table from media type to reader."""

from collections.abc import Callable
from dataclasses import replace

from alexandria.adapters.extractors.archives import extract_tar, extract_zip
from alexandria.adapters.extractors.bibtex import extract_bibtex
from alexandria.adapters.extractors.compression import unpack
from alexandria.adapters.extractors.csv_files import extract_csv
from alexandria.adapters.extractors.docx import extract_docx
from alexandria.adapters.extractors.email_files import extract_email
from alexandria.adapters.extractors.epub import extract_epub
from alexandria.adapters.extractors.html import extract_html
from alexandria.adapters.extractors.jats import extract_jats
from alexandria.adapters.extractors.json_files import (
    extract_csl_json,
    extract_json,
    extract_json_lines,
)
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.adapters.extractors.markdown import extract_markdown
from alexandria.adapters.extractors.pdf import extract_pdf
from alexandria.adapters.extractors.plain import extract_plain
from alexandria.adapters.extractors.ris import extract_ris
from alexandria.adapters.extractors.sniff import (
    BIBTEX,
    CSL_JSON,
    CSV,
    DOCX,
    EMAIL,
    EPUB,
    HTML,
    JATS,
    JSON,
    JSON_LINES,
    MARKDOWN,
    PDF,
    PLAIN,
    RIS,
    TAR,
    TEI,
    ZIP,
    sniff,
)
from alexandria.adapters.extractors.tei import extract_tei
from alexandria.adapters.extractors.text import clean_text, decode
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, ExtractedRecord, Record
from alexandria.protocols.identifiers import canonical_url

TextReader = Callable[[str, Limits], ExtractedDocument]
BytesReader = Callable[[bytes, Limits], ExtractedDocument]

TEXT_READERS: dict[str, TextReader] = {
    PLAIN: extract_plain,
    MARKDOWN: extract_markdown,
    BIBTEX: extract_bibtex,
    RIS: extract_ris,
    CSL_JSON: extract_csl_json,
    JSON: extract_json,
    JSON_LINES: extract_json_lines,
    CSV: extract_csv,
}
"""Formats that are text in some encoding."""

BYTES_READERS: dict[str, BytesReader] = {
    PDF: extract_pdf,
    JATS: extract_jats,
    TEI: extract_tei,
    DOCX: extract_docx,
    EPUB: extract_epub,
    EMAIL: extract_email,
    ZIP: extract_zip,
    TAR: extract_tar,
}
"""Formats that are read from the bytes themselves, as is HTML."""

_SAMPLE = 600  # characters of an abstract are enough to tell its language


def extract(
    data: bytes,
    *,
    filename: str | None = None,
    declared_type: str | None = None,
    url: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> ExtractedDocument:
    """Raise ExtractionError with a remedy if the file can't be read."""
    if len(data) > limits.max_bytes:
        raise ExtractionError(
            f"The file is larger than {limits.max_bytes // 1_000_000} MB.",
            "Split it, or leave out what is not text, and add the parts.",
        )
    data = unpack(data, limits)
    media_type = sniff(data, filename, declared_type)
    try:
        document = _read(data, media_type, declared_type, url, limits)
    except RecursionError as error:
        raise ExtractionError(
            "The document is nested too deep to be read.",
            "Save it in a simpler form, as plain text for example, and add that.",
        ) from error
    return _finished(document, url, limits)


def _read(
    data: bytes, media_type: str, declared_type: str | None, url: str | None, limits: Limits
) -> ExtractedDocument:
    if media_type == HTML:
        return extract_html(data, declared_type=declared_type, url=url)
    if reader := BYTES_READERS.get(media_type):
        return reader(data, limits)
    return TEXT_READERS[media_type](clean_text(decode(data)[0]), limits)


def _finished(document: ExtractedDocument, url: str | None, limits: Limits) -> ExtractedDocument:
    warnings = list(document.warnings)
    record = document.record and _bounded(document.record, limits, warnings)
    if record and record.url is None and (address := canonical_url(url)):
        record = replace(record, url=address)
    records = [_finished_entry(entry, limits, warnings) for entry in document.records]
    return replace(document, record=record, records=records, warnings=tuple(warnings))


def _finished_entry(entry: ExtractedRecord, limits: Limits, warnings: list[str]) -> ExtractedRecord:
    record = entry.record and _bounded(entry.record, limits, warnings)
    if record and record.language is None:
        sample = (record.abstract or record.text or "")[:_SAMPLE]
        if language := detect_language(f"{record.title or ''}. {sample}"):
            record = replace(record, language=language)
    return entry if record is entry.record else replace(entry, record=record)


def _bounded(record: Record, limits: Limits, warnings: list[str]) -> Record:
    if record.text is None or len(record.text) <= limits.max_text_characters:
        return record
    warnings.append(f"Only the first {limits.max_text_characters:,} characters were kept.")
    return replace(record, text=record.text[: limits.max_text_characters])
