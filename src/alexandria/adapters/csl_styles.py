"""CSL styles, read with care and put into a form in which citeproc-py does what they say."""

from dataclasses import dataclass
from pathlib import Path

from citeproc import SCHEMA_PATH
from lxml import etree

from alexandria.errors import InvalidInputError

_CSL = "http://purl.org/net/xbiblio/csl"
_NAMES = {"c": _CSL}
_LARGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Style:
    xml: bytes
    is_numbered: bool
    """Its entries begin with a number that stands apart."""
    is_american: bool
    """Full stops and commas go into quotation marks (`punctuation-in-quote`)."""


def read_style(path: Path) -> Style:
    """Read a style. Raises InvalidInputError for what is none, or refers to another."""
    if path.stat().st_size > _LARGEST:
        raise _unusable(path, "it is larger than any style")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        tree = etree.parse(str(path), parser)
    except etree.XMLSyntaxError as error:
        raise _unusable(path, str(error)) from error
    root = tree.getroot()
    if root.tag != f"{{{_CSL}}}style":
        raise _unusable(path, "it is no CSL style")
    if parent := root.find(".//c:link[@rel='independent-parent']", _NAMES):
        raise _unusable(path, f"it only refers to another, {parent.get('href')}")
    listed = root.find("c:bibliography", _NAMES)
    if listed is None:
        raise _unusable(path, "it has no list of references")
    schema = etree.RelaxNG(etree.parse(SCHEMA_PATH))
    if not schema.validate(tree):
        raise _unusable(path, f"line {schema.error_log[0].line}: {schema.error_log[0].message}")
    _say_initials_at_each_name(root)
    _put_delimiters_of_dates_before_parts(root)
    is_american = root.get("default-locale", "en-US") == "en-US"
    return Style(etree.tostring(tree), "second-field-align" in listed.attrib, is_american)


def _unusable(path: Path, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"The citation style {path.stem} can't be used: {why}.",
        "Take an independent style from https://www.zotero.org/styles.",
    )


def _say_initials_at_each_name(root: etree._Element) -> None:
    """Bring `initialize-with` of the whole style to the names that are to have initials.

    citeproc-py 0.11 does not know `initialize="false"`, by which a name is excepted.
    """
    names = root.findall(".//c:name", _NAMES)
    if not any(name.get("initialize") == "false" for name in (root, *names)):
        return
    mark = root.get("initialize-with")
    if mark is None:
        return
    del root.attrib["initialize-with"]
    if root.get("initialize") == "false":
        return
    for one in root.findall(".//c:names", _NAMES):
        name = one.find("c:name", _NAMES)
        in_place = next(one.iterancestors(f"{{{_CSL}}}substitute"), None)
        if name is None and in_place is None:
            name = etree.Element(f"{{{_CSL}}}name")
            one.insert(0, name)
        if name is not None and name.get("initialize") != "false":
            name.set("initialize-with", name.get("initialize-with", mark))


def _put_delimiters_of_dates_before_parts(root: etree._Element) -> None:
    """Write a localised date's delimiter before each part but the first: citeproc-py leaves it out."""
    for date in root.findall("c:locale/c:date[@delimiter]", _NAMES):
        for part in date.findall("c:date-part", _NAMES)[1:]:
            part.set("prefix", date.get("delimiter", "") + part.get("prefix", ""))
