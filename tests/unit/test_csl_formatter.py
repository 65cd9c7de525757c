"""References in the words of the styles' own manuals, and of records that are odd."""
# ruff: noqa: RUF001 - styles write dashes and quotation marks of their own

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexandria.adapters.csl_formatter import _BUNDLED, CslFormatter
from alexandria.errors import InvalidInputError, NotFoundError
from alexandria.protocols.extraction import Record

ARTICLE = Record(
    title="Deep learning",
    authors=("Yann LeCun", "Yoshua Bengio", "Geoffrey Hinton"),
    venue="Nature",
    year=2015,
    doi="10.1038/nature14539",
    type="article",
    extra={"volume": "521", "number": "7553", "pages": "436-444"},
)
BOOK = Record(
    title="The Art of Computer Programming",
    authors=("Donald E. Knuth",),
    year=1968,
    type="book",
    extra={"publisher": "Addison-Wesley", "address": "Reading, MA"},
)
TALK = Record(
    title="Attention is all you need",
    authors=("Ashish Vaswani", "Noam van den Berg"),
    venue="Proceedings of the 31st Conference on Neural Information Processing Systems",
    year=2017,
    extra={"pages": "5998-6008"},
)
PAGE = Record(title="How owls hunt", url="https://example.org/owls?a=1&b=2")
STYLES = sorted(path.stem for path in _BUNDLED.glob("*.csl"))


@pytest.fixture
def formatter(tmp_path: Path) -> CslFormatter:
    return CslFormatter(tmp_path / "csl")


@pytest.mark.parametrize(
    ("style", "record", "text"),
    [
        (
            "apa",
            ARTICLE,
            (
                "LeCun, Y., Bengio, Y., & Hinton, G. (2015). Deep learning. Nature, 521(7553), 436–444. "
                "https://doi.org/10.1038/nature14539"
            ),
        ),
        ("apa", BOOK, "Knuth, D. E. (1968). The Art of Computer Programming. Addison-Wesley."),
        (
            "apa",
            PAGE,
            "How owls hunt. (n.d.). Retrieved https://example.org/owls?a=1&b=2",
        ),
        (
            "modern-language-association",
            ARTICLE,
            (
                "LeCun, Yann, et al. “Deep Learning.” Nature, vol. 521, no. 7553, 2015, pp. 436–44, "
                "https://doi.org/10.1038/nature14539."
            ),
        ),
        (
            "chicago-author-date",
            ARTICLE,
            (
                "LeCun, Yann, Yoshua Bengio, and Geoffrey Hinton. 2015. “Deep Learning.” Nature 521 (7553): "
                "436–44. https://doi.org/10.1038/nature14539."
            ),
        ),
        (
            "ieee",
            ARTICLE,
            (
                "[1] Y. LeCun, Y. Bengio, and G. Hinton, “Deep learning,” Nature, vol. 521, no. 7553, "
                "pp. 436–444, 2015, doi: 10.1038/nature14539."
            ),
        ),
        (
            "ieee",
            BOOK,
            "[1] D. E. Knuth, The Art of Computer Programming. Reading, MA: Addison-Wesley, 1968.",
        ),
        (
            "nlm-citation-sequence",
            ARTICLE,
            (
                "1. LeCun Y, Bengio Y, Hinton G. Deep learning. Nature. 2015;521(7553):436–44. "
                "doi:10.1038/nature14539"
            ),
        ),
        (
            "nature",
            ARTICLE,
            "1. LeCun, Y., Bengio, Y. & Hinton, G. Deep learning. Nature 521, 436–444 (2015).",
        ),
        (
            "association-for-computational-linguistics",
            TALK,
            (
                "Ashish Vaswani and Noam van den Berg. 2017. Attention is all you need. In Proceedings of "
                "the 31st Conference on Neural Information Processing Systems, pages 5998–6008."
            ),
        ),
        (
            "american-medical-association",
            BOOK,
            "1. Knuth DE. The Art of Computer Programming. Addison-Wesley; 1968.",
        ),
        (
            "harvard-cite-them-right",
            BOOK,
            "Knuth, D.E. (1968) The Art of Computer Programming. Reading, MA: Addison-Wesley.",
        ),
    ],
)
def test_references_are_what_the_style_says(
    formatter: CslFormatter, style: str, record: Record, text: str
) -> None:
    (found,) = formatter.references([record], style)
    assert found.text == text


def test_emphasis_is_in_the_markup_alone(formatter: CslFormatter) -> None:
    (found,) = formatter.references([ARTICLE], "nature")
    assert "<i>Nature</i> <b>521</b>" in found.html
    assert "<" not in found.text


def test_each_style_orders_as_it_wants(formatter: CslFormatter) -> None:
    given_order = [TALK, ARTICLE, BOOK]
    by_name = [one.text[:5] for one in formatter.references(given_order, "apa")]
    by_number = [one.text[:7] for one in formatter.references(given_order, "ieee")]
    assert by_name == ["Knuth", "LeCun", "Vaswa"]
    assert by_number == ["[1] A. ", "[2] Y. ", "[3] D. "]


@pytest.mark.parametrize("style", STYLES)
def test_every_style_names_the_work_and_lets_no_markup_through(
    formatter: CslFormatter, style: str
) -> None:
    odd = Record(
        title='A <script>alert("x")</script> & a <i>b</i>', authors=("<b>Bo</b> Roe",), year=1999
    )
    for record in (ARTICLE, BOOK, TALK, PAGE, odd):
        (found,) = formatter.references([record], style)
        assert record.title.split()[-1].casefold() in found.text.casefold()
        assert "<script" not in found.html


def test_names_without_initials_stay_whole(formatter: CslFormatter) -> None:
    record = Record(title="只有中文标题", authors=("伟 王", "李娜"), year=2020)
    (found,) = formatter.references([record], "apa")
    assert found.text == "伟 王, & 李娜. (2020). 只有中文标题."


def test_five_thousand_authors_are_no_trouble(formatter: CslFormatter) -> None:
    record = Record(title="Observation", authors=tuple(f"Ada M{n} Moe" for n in range(5000)))
    (found,) = formatter.references([record], "apa")
    assert len(found.text) < 1000


@settings(max_examples=60, deadline=None)
@given(
    style=st.sampled_from(STYLES),
    title=st.text(min_size=1, max_size=60).filter(str.strip),
    authors=st.lists(st.text(min_size=1, max_size=30).filter(str.strip), max_size=3),
    venue=st.none() | st.text(max_size=30),
    year=st.none() | st.integers(1, 3000),
    pages=st.none() | st.text(max_size=12),
)
def test_whatever_a_record_says_it_is_formatted(
    style: str,
    title: str,
    authors: list[str],
    venue: str | None,
    year: int | None,
    pages: str | None,
) -> None:
    extra = {"pages": pages, "volume": pages} if pages else {}
    record = Record(title=title, authors=tuple(authors), venue=venue, year=year, extra=extra)
    (found,) = CslFormatter(Path("/nowhere")).references([record], style)
    assert found.text.strip()


def test_a_style_of_the_library_s_own_takes_its_place(
    formatter: CslFormatter, tmp_path: Path
) -> None:
    folder = tmp_path / "csl"
    folder.mkdir()
    shutil.copy(_BUNDLED / "nature.csl", folder / "institute.csl")
    assert "institute" in {one.name for one in formatter.styles()}
    assert formatter.references([BOOK], "institute") == formatter.references([BOOK], "nature")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("no XML", "Start tag expected"),
        ("<style/>", "it is no CSL style"),
        ('<style xmlns="http://purl.org/net/xbiblio/csl"><info/></style>', "no list of references"),
    ],
)
def test_what_is_no_style_is_refused(
    formatter: CslFormatter, tmp_path: Path, written: str, why: str
) -> None:
    (tmp_path / "csl").mkdir()
    (tmp_path / "csl" / "broken.csl").write_text(written)
    assert "broken" in {one.name for one in formatter.styles()}
    with pytest.raises(InvalidInputError, match=why):
        formatter.references([BOOK], "broken")


def test_a_style_that_leaves_a_work_out_is_refused(formatter: CslFormatter, tmp_path: Path) -> None:
    (tmp_path / "csl").mkdir()
    written = (_BUNDLED / "nature.csl").read_text()
    start, end = (
        written.index("<layout", written.index("<bibliography")),
        written.rindex("</layout>"),
    )
    only_dates = f'{written[:start]}<layout><text variable="note"/>{written[end:]}'
    (tmp_path / "csl" / "notes.csl").write_text(only_dates)
    with pytest.raises(InvalidInputError, match="no reference for 1 of these works"):
        formatter.references([BOOK], "notes")


@pytest.mark.parametrize("name", ["none", "../../../etc/passwd", "", "/etc/passwd"])
def test_an_unknown_style_is_refused(formatter: CslFormatter, name: str) -> None:
    with pytest.raises(NotFoundError):
        formatter.references([BOOK], name)
