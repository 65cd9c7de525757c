"""PDF documents: text page by page, and what the first page says about the document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pypdfium2 as pdfium

from alexandria.adapters.extractors.bibliography import split_keywords
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.ocr import Recogniser
from alexandria.adapters.extractors.pdf_authors import find_authors
from alexandria.adapters.extractors.pdf_head import find_abstract, find_identifiers, find_year
from alexandria.adapters.extractors.pdf_layout import Line, page_lines
from alexandria.adapters.extractors.pdf_text import repair, words_of
from alexandria.adapters.extractors.pdf_title import find_title
from alexandria.adapters.extractors.people import people_in
from alexandria.adapters.extractors.sniff import PDF
from alexandria.adapters.extractors.text import clean_block, clean_line
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Record

_PASSWORD_ERROR = 4
_FRONT_PAGES = 3  # the title stands on the first of them that has text
_MAX_TAGS = 20
_FEWEST_LETTERS = 3  # fewer are no text


def extract_pdf(data: bytes, limits: Limits) -> ExtractedDocument:
    document = _open(data)
    try:
        return _extract(document, limits)
    finally:
        document.close()


def _open(data: bytes) -> Any:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD_ERROR and b"/Encrypt" in data:  # the code may be an old one
            raise ExtractionError(
                "The PDF is encrypted and opens only with a password.",
                "Save a copy without the password and add that.",
            ) from error
        raise ExtractionError(
            "The PDF is damaged and can't be opened.",
            "Download it again, or open it in a viewer and print it to a new PDF.",
        ) from error
    if len(document) == 0:
        raise ExtractionError("The PDF has no pages.", "Export it again from where it was made.")
    return document


def _extract(document: Any, limits: Limits) -> ExtractedDocument:
    warnings: list[str] = []
    recogniser = Recogniser(limits.ocr) if limits.ocr else None
    raw_pages = list(_raw_pages(document, limits, recogniser, warnings))
    letters = sum(_letters(page) for page in raw_pages)
    if letters < _FEWEST_LETTERS:
        raise _no_text(recogniser)
    if recogniser:
        warnings += _told(recogniser)
    if letters < 20 * len(raw_pages):
        warnings.append("The pages hold hardly any text; the document may be a scan.")
    vocabulary = words_of("\n".join(raw_pages))
    pages = [repair(page, vocabulary) for page in raw_pages]
    text = clean_block("\n\n".join(pages)) or ""
    return ExtractedDocument(
        media_type=PDF,
        kind="document",
        record=_record(document, pages, text, vocabulary),
        pages=len(document),
        warnings=tuple(warnings),
    )


def _no_text(recogniser: Recogniser | None) -> ExtractionError:
    message = "The PDF has no text in it: its pages are pictures, as from a scanner"
    elsewhere = "run text recognition (OCR) on it, with ocrmypdf for example, and add the result"
    if recogniser is None:
        return ExtractionError(
            f"{message}.",
            f"Install tesseract where Alexandria runs, restart it and retry; or {elsewhere}.",
        )
    languages = "Check ALEXANDRIA_OCR_LANGUAGES and that tesseract has these languages"
    if recogniser.failure:
        return ExtractionError(
            f"{message}, and text recognition failed ({recogniser.failure}).",
            f"{languages}; or {elsewhere}.",
        )
    if recogniser.left_out:
        return ExtractionError(
            f"{message}, and there was no time to recognise it.",
            f"Raise ALEXANDRIA_EXTRACTION_SECONDS; or {elsewhere}.",
        )
    return ExtractionError(
        f"{message}, and text recognition found none on them.", f"{languages}; or {elsewhere}."
    )


def _told(recogniser: Recogniser) -> Iterator[str]:
    if recogniser.pages:
        yield f"The text of {recogniser.pages} pages was recognised from pictures (OCR)."
    if recogniser.left_out:
        yield (
            f"{recogniser.left_out} pages are pictures that there was no time to recognise;"
            " ALEXANDRIA_EXTRACTION_SECONDS gives more."
        )
    if recogniser.failure:
        yield f"Text recognition failed: {recogniser.failure}"


def _letters(text: str) -> int:
    return sum(c.isalnum() for c in text)


def _raw_pages(
    document: Any, limits: Limits, recogniser: Recogniser | None, warnings: list[str]
) -> Iterator[str]:
    count, characters = len(document), 0
    for number in range(min(count, limits.max_pages)):
        try:
            page = document[number]
            textpage = page.get_textpage()
            text = textpage.get_text_range()
            if recogniser and _letters(text) < _FEWEST_LETTERS:
                text = recogniser.read(page) or text
        except pdfium.PdfiumError:
            warnings.append(f"Page {number + 1} is damaged and was left out.")
            continue
        yield text
        textpage.close()
        page.close()
        characters += len(text)
        if characters > limits.max_text_characters:
            warnings.append(f"Only the first {number + 1} of {count} pages were read.")
            return
    if count > limits.max_pages:
        warnings.append(f"Only the first {limits.max_pages:,} of {count:,} pages were read.")


def _record(document: Any, pages: list[str], text: str, vocabulary: set[str]) -> Record:
    metadata = document.get_metadata_dict()
    lines, height = _front_lines(document)
    title, title_lines = find_title(lines, height, metadata.get("Title"), vocabulary)
    first_page = next((page for page in pages[:_FRONT_PAGES] if page.strip()), "")
    doi, arxiv_id = find_identifiers(first_page)
    return Record(
        title=title,
        abstract=find_abstract("\n".join(pages[:_FRONT_PAGES])),
        text=text,
        authors=find_authors(lines, title_lines) or tuple(people_in(metadata.get("Author", ""))),
        year=find_year(first_page),
        doi=doi,
        arxiv_id=arxiv_id,
        language=detect_language(text),
        tags=split_keywords([metadata.get("Keywords", "")])[:_MAX_TAGS],
        extra=_extra(metadata),
    )


def _front_lines(document: Any) -> tuple[list[Line], float]:
    """Give the lines of the first page that has some, and its height in points."""
    height = 0.0
    for number in range(min(_FRONT_PAGES, len(document))):
        try:
            page = document[number]
            height = page.get_height()
            lines = page_lines(page.get_textpage())
        except pdfium.PdfiumError:
            continue
        if lines:
            return lines, height
    return [], height


def _extra(metadata: Mapping[str, str]) -> dict[str, str]:
    created = re.match(r"D:(\d{4})(\d{2})(\d{2})", metadata.get("CreationDate", ""))
    values = {
        "subject": clean_line(metadata.get("Subject")),
        "creator": clean_line(metadata.get("Creator")),
        "created": "-".join(created.groups()) if created else None,
    }
    return {name: value for name, value in values.items() if value}
