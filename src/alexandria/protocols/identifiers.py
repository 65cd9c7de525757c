"""DOI, arXiv id, ISBN, PMID and web address in the one form in which they are stored and compared."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

_DOI_PREFIX = re.compile(
    r"^(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|info:doi/|urn:doi:|doi[:\s]\s*)", re.IGNORECASE
)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_DOI_IN_TEXT = re.compile(
    r"(?<![\w.])10\.\d{4,9}(?:\.\d+)*/(?:\(SICI\)[^\s\"]+|[^\s\"<>“”‘’{}|\\^`]+)", re.IGNORECASE
)
_CLOSING = {")": "(", "]": "[", "}": "{", ">": "<"}
_TRAILING = ".,;:'\"!?"

_ARXIV_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_ARXIV_OLD = r"[a-z][a-z-]+(?:\.[a-z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV = re.compile(
    rf"^(?:arxiv[:\s]\s*|(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html|ps)/"
    rf"|(?:https?://(?:dx\.)?doi\.org/)?10\.48550/arxiv\.)?"
    rf"({_ARXIV_NEW}|{_ARXIV_OLD})(?:v\d+)?(?:\.pdf)?(?:\s*\[[^\]]*\])?$",
    re.IGNORECASE | re.ASCII,
)
_ARXIV_IN_TEXT = re.compile(
    rf"(?:\barxiv\s*:\s*|\barxiv\.org/(?:abs|pdf|html|ps)/|10\.48550/arxiv\.)"
    rf"({_ARXIV_NEW}|{_ARXIV_OLD})(?!\d)",
    re.IGNORECASE | re.ASCII,
)

_ISBN = re.compile(r"(?<![\d-])(?:97[89][-\ ]?)?\d(?:[-\ ]?\d){8}[-\ ]?[\dXx](?![\d-])", re.ASCII)
_ISBN_NAME = re.compile(r"^(?:urn:)?isbn(?:-1[03])?[:\s]*", re.IGNORECASE)

_PMID = re.compile(
    r"^(?:pmid[:\s]\s*|(?:https?://)?(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|"
    r"ncbi\.nlm\.nih\.gov/pubmed)/)?0*([1-9]\d{0,8})/?$",
    re.IGNORECASE | re.ASCII,
)

_TYPED = re.compile(
    rf"""(?<!\S)["(\[]?(?:
    (?P<doi>(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|info:doi/|urn:doi:|doi[:\s]\s*)?10\.\d{{4,9}}(?:\.\d+)*/\S+)
    | (?P<arxiv>(?:arxiv[:\s]\s*|(?:https?://)?(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html|ps)/)?
        (?:{_ARXIV_NEW}|{_ARXIV_OLD})(?:v\d+)?(?:\.pdf)?)
    | pmid[:\s]\s*(?P<pmid>\d{{1,9}})
    | (?:isbn(?:-1[03])?[:\s]\s*)?(?P<isbn>{_ISBN.pattern})
    )[")\].,;]*(?!\S)""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)

_TRACKING = re.compile(
    r"^(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_hsenc|_hsmi|_ga)(?:=|$)",
    re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def normalise_doi(value: str | None) -> str | None:
    """Give the DOI in lower case without prefix, or None if there is none."""
    doi = (value or "").strip()
    while prefix := _DOI_PREFIX.match(doi):
        doi = doi[prefix.end() :].strip()
        if "doi.org/" in prefix.group().lower():
            doi = unquote(doi.partition("#")[0]).strip()
    doi = _trim(doi.lower())
    return doi if _DOI.fullmatch(doi) else None


def find_doi(text: str) -> str | None:
    """Give the first DOI that stands in the text."""
    for match in _DOI_IN_TEXT.finditer(text):
        if doi := normalise_doi(match.group()):
            return doi
    return None


def normalise_arxiv(value: str | None) -> str | None:
    """Give the arXiv id in lower case without version, or None if there is none."""
    match = _ARXIV.match((value or "").strip())
    return match.group(1).lower() if match else None


def find_arxiv(text: str) -> str | None:
    """Give the first arXiv id that is marked as one (`arXiv:`, arxiv.org, 10.48550)."""
    match = _ARXIV_IN_TEXT.search(text)
    return match.group(1).lower() if match else None


def normalise_isbn(value: str | None, *, whole: bool = False) -> str | None:
    """Give the first ISBN in the text whose check digit is right, as 13 digits.

    `whole`: only if the text is an ISBN and nothing else.
    """
    text = value or ""
    if whole:
        text = _ISBN_NAME.sub("", text.strip())
        if not _ISBN.fullmatch(text):
            return None
    for match in _ISBN.finditer(text):
        digits = re.sub(r"[- ]", "", match.group()).upper()
        if len(digits) == 13 and _check_13(digits[:12]) == digits[12]:
            return digits
        if len(digits) == 10 and _check_10(digits[:9]) == digits[9]:
            return f"978{digits[:9]}{_check_13('978' + digits[:9])}"
    return None


def normalise_pmid(value: str | None) -> str | None:
    """Give the digits of a PubMed id, or None if there is none."""
    match = _PMID.match((value or "").strip())
    return match.group(1) if match else None


@dataclass(frozen=True, slots=True)
class Mention:
    """An identifier that stands in what somebody typed, and the characters that it takes there."""

    names: tuple[tuple[str, str], ...]
    """Scheme and value, in the forms in which it may be stored."""
    start: int
    end: int


def find_mentions(typed: str) -> list[Mention]:
    """Find DOIs, arXiv ids and ISBNs in any usual form, and PubMed ids as `pmid:123`."""
    found = (Mention(_names(match), match.start(), match.end()) for match in _TYPED.finditer(typed))
    return [mention for mention in found if mention.names]


def _names(match: re.Match[str]) -> tuple[tuple[str, str], ...]:
    forms = {
        "doi": normalise_doi(match["doi"]),
        "arxiv": normalise_arxiv(match["arxiv"]) or normalise_arxiv(normalise_doi(match["doi"])),
        "isbn": normalise_isbn(match["isbn"]),
        "pmid": match["pmid"],
    }
    return tuple((scheme, value) for scheme, value in forms.items() if value)


def canonical_url(value: str | None) -> str | None:
    """Give a form in which two addresses of one page are equal, or None if it is no web address.

    Scheme and host in lower case; no default port, fragment, tracking parameter or slash at the
    end; parameters keep their order.
    """
    try:
        parts = urlsplit(re.sub(r"[\x00-\x1f\x7f]", "", value or "").strip())
        netloc = _netloc(parts)
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not netloc:
        return None
    kept = [p for p in parts.query.split("&") if p and not _TRACKING.match(p)]
    query = f"?{'&'.join(kept)}" if kept else ""
    path = parts.path.rstrip("/") or "/"
    return f"{parts.scheme}://{netloc}{_quote(path + query)}"


def _quote(rest: str) -> str:
    return re.sub(r"[\s#]", lambda match: quote(match.group()), rest)


def _netloc(parts: SplitResult) -> str:
    """Raise ValueError where the port is no number."""
    host = (parts.hostname or "").strip().rstrip(".")
    if not host or re.search(r"[\s/?#@\\]", host):
        return ""
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    user, at, _ = parts.netloc.rpartition("@")
    return f"{user}{at}{host}{port}"


def _trim(doi: str) -> str:
    """Cut off what the sentence around a DOI left at its end, but no bracket that it opened."""
    while doi:
        last = doi[-1]
        unbalanced = last in _CLOSING and doi.count(last) > doi.count(_CLOSING[last])
        if last not in _TRAILING and not unbalanced and not last.isspace():
            break
        doi = doi[:-1]
    return doi


def _check_13(digits: str) -> str:
    total = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits))
    return str(-total % 10)


def _check_10(digits: str) -> str:
    total = sum(int(d) * (10 - i) for i, d in enumerate(digits))
    return "0123456789X"[-total % 11]
