"""E-mail messages: who wrote what and when; what is attached comes as files of its own."""

from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from alexandria.adapters.extractors.dates import year_of
from alexandria.adapters.extractors.html import extract_html
from alexandria.adapters.extractors.language import detect_language
from alexandria.adapters.extractors.limits import Limits
from alexandria.adapters.extractors.markup import markup_text
from alexandria.adapters.extractors.names import first_last
from alexandria.adapters.extractors.sniff import EMAIL
from alexandria.adapters.extractors.text import clean_block, clean_line, decode
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import ExtractedDocument, Member, Record

_MESSAGE = "message/rfc822"
_NO_ATTACHMENTS = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/ms-tnef"}
)
_EXTRA = {"from": "from", "to": "to", "cc": "cc", "date": "date", "message-id": "message_id"}
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError)
"""What the standard library raises of messages that it can read and not write."""


def extract_email(data: bytes, limits: Limits) -> ExtractedDocument:
    message = message_from_bytes(data)
    parts = list(_parts(message))
    if len(parts) > limits.max_members:
        raise ExtractionError(
            f"The message has more than {limits.max_members:,} parts.",
            "Save what matters of it as files, and add those.",
        )
    if message.get_content_type() == "multipart/encrypted":
        raise ExtractionError(
            "The message is encrypted.", "Save it decrypted in your mail program, and add that."
        )
    text = _text(parts)
    attached = [part for part in parts if _is_attached(part)]
    members = [_member(position, part) for position, part in enumerate(attached)]
    if not text and not members:
        raise ExtractionError("The message has no text.", "Check the original and add it again.")
    return ExtractedDocument(
        media_type=EMAIL, kind="document", record=_record(message, text), members=members
    )


def _record(message: Message, text: str | None) -> Record:
    date = _header(message, "date")
    return Record(
        title=_header(message, "subject"),
        text=text,
        authors=tuple(_people(_header(message, "from") or "")),
        year=year_of(date),
        language=detect_language(text),
        type="email",
        extra={ours: value for name, ours in _EXTRA.items() if (value := _header(message, name))},
    )


def _parts(message: Message) -> Iterator[Message]:
    """Give the parts that hold something; a message within is one of them."""
    payload = message.get_payload()
    if not isinstance(payload, list):
        yield message
        return
    for part in payload:
        if not isinstance(part, Message):
            continue
        if part.get_content_type() == _MESSAGE:
            yield part
        else:
            yield from _parts(part)


def _is_attached(part: Message) -> bool:
    kind = part.get_content_type()
    attached = part.get_content_disposition() == "attachment"
    if kind in _NO_ATTACHMENTS or (part.get("content-id") and kind.startswith("image/")):
        return attached and kind not in _NO_ATTACHMENTS
    return attached or kind == _MESSAGE or part.get_filename() is not None


def _text(parts: list[Message]) -> str | None:
    """Give the plain text; the form with markup where there is no other."""
    own = [part for part in parts if not _is_attached(part)]
    plain = [_decoded(part) for part in own if part.get_content_type() == "text/plain"]
    if text := clean_block("\n\n".join(plain)):
        return text
    marked = (part for part in own if part.get_content_type() == "text/html")
    return clean_block("\n\n".join(_plain(_decoded(part)) for part in marked))


def _plain(source: str) -> str:
    """Give the main text; all of it where the message is too short to have one."""
    try:
        record = extract_html(source.encode("utf-8", errors="ignore")).record
    except ExtractionError:
        record = None
    return (record.text if record else None) or markup_text(source) or ""


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return decode(data, part.get_content_charset())[0]


def _member(position: int, part: Message) -> Member:
    kind = part.get_content_type()
    try:
        data = _message_in(part) if kind == _MESSAGE else part.get_payload(decode=True)
    except _DAMAGED:
        data = None
    name = _name(position, part)
    if not isinstance(data, bytes):
        return Member(
            position,
            name,
            error="This attachment is damaged.",
            remedy="Save it from your mail program, and add that.",
        )
    return Member(position, name, media_type=kind, data=data)


def _message_in(part: Message) -> bytes:
    payload = part.get_payload(0) if isinstance(part.get_payload(), list) else part
    return payload.as_bytes() if isinstance(payload, Message) else b""


def _name(position: int, part: Message) -> str:
    name = clean_line(_words(part.get_filename() or ""))
    if name is None and isinstance(part.get_payload(), list) and part.get_payload():
        inner = part.get_payload(0)
        subject = _header(inner, "subject") if isinstance(inner, Message) else None
        name = subject and f"{subject}.eml"
    return name or f"attachment {position + 1}"


def _header(message: Message, name: str) -> str | None:
    return clean_line(_words(message.get(name)))


def _words(raw: object) -> str:
    """Decode a header, whose words may each be in an encoding of their own."""
    if raw is None:
        return ""
    try:
        parts = decode_header(raw)  # type: ignore[arg-type] # takes the parser's Header objects too
    except (HeaderParseError, ValueError):
        return str(raw)
    words = "".join(
        part if isinstance(part, str) else decode(part, encoding)[0] for part, encoding in parts
    )
    return words if isinstance(raw, str) else _words(words)  # bytes as they are may stand around


def _people(line: str) -> Iterator[str]:
    """Give the names in front of the addresses; an address alone names nobody."""
    for name, _ in getaddresses([line]):
        if "@" not in name and (person := first_last(name)):
            yield person
