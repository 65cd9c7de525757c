import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.protocols.identifiers import (
    canonical_url,
    find_arxiv,
    find_doi,
    normalise_arxiv,
    normalise_doi,
    normalise_isbn,
)

DOI_LIKE = st.one_of(
    st.text(),
    st.builds(
        "{}10.{}/{}".format,
        st.sampled_from(["", "doi:", "DOI: ", "https://doi.org/", "http://dx.doi.org/doi:"]),
        st.integers(1000, 99999),
        st.text(),
    ),
)
URL_LIKE = st.one_of(
    st.text(),
    st.builds("{}://{}/{}".format, st.sampled_from(["http", "HTTPS", "ftp"]), st.text(), st.text()),
    st.builds("https://example.org{}".format, st.text()),
)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("10.1000/ABC.def", "10.1000/abc.def"),
        ("https://doi.org/10.1000/x%2Fy", "10.1000/x/y"),
        ("doi: 10.1000/182.", "10.1000/182"),
        ("http://dx.doi.org/10.1016/S0140-6736(00)02725-1", "10.1016/s0140-6736(00)02725-1"),
        (
            "10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O",
            "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o",
        ),
        ("11.1000/182", None),
        ("10.1000/", None),
        ("", None),
        (None, None),
    ],
)
def test_a_doi_has_one_form(written: str | None, stored: str | None) -> None:
    assert normalise_doi(written) == stored


def test_a_doi_is_found_in_a_sentence() -> None:
    text = "See (https://doi.org/10.1000/First-One), and then doi:10.1000/second."
    assert find_doi(text) == "10.1000/first-one"
    assert find_doi("version 10.2000 / 7") is None


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("arXiv:1706.03762v5 [cs.CL]", "1706.03762"),
        ("https://arxiv.org/pdf/2101.00001v2.pdf", "2101.00001"),
        ("10.48550/arXiv.2101.00001", "2101.00001"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("math.GT/0309136", "math.gt/0309136"),
        ("1713.03762", None),
        ("12.5", None),
        (None, None),
    ],
)
def test_an_arxiv_id_has_one_form(written: str | None, stored: str | None) -> None:
    assert normalise_arxiv(written) == stored


def test_an_arxiv_id_in_text_must_be_marked_as_one() -> None:
    assert find_arxiv("preprint arXiv:0908.0054v1 [astro-ph.CO] 1 Aug 2009") == "0908.0054"
    assert find_arxiv("the number 0908.0054 alone") is None


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("0-306-40615-2", "9780306406157"),
        ("978-0-306-40615-7 (hardcover)", "9780306406157"),
        ("080442957X", "9780804429573"),
        ("978-0-306-40615-8", None),
        ("12345", None),
        (None, None),
    ],
)
def test_an_isbn_is_thirteen_digits_with_a_right_check_digit(
    written: str | None, stored: str | None
) -> None:
    assert normalise_isbn(written) == stored


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        (
            "HTTP://Example.ORG:80/A/b/?utm_source=x&q=1&fbclid=z&a=2#top",
            "http://example.org/A/b?q=1&a=2",
        ),
        ("https://example.org", "https://example.org/"),
        ("https://example.org:8443/x", "https://example.org:8443/x"),
        ("https://[::1]/x", "https://[::1]/x"),
        ("mailto:someone@example.org", None),
        ("https://example.org:port/", None),
        ("", None),
        (None, None),
    ],
)
def test_a_page_has_one_address(written: str | None, stored: str | None) -> None:
    assert canonical_url(written) == stored


@given(DOI_LIKE)
def test_normalising_a_doi_twice_changes_nothing(text: str) -> None:
    doi = normalise_doi(text)
    assert doi is None or normalise_doi(doi) == doi
    find_doi(text)


@given(URL_LIKE)
def test_normalising_an_address_twice_changes_nothing(text: str) -> None:
    url = canonical_url(text)
    assert url is None or canonical_url(url) == url


@given(st.text(alphabet="0123456789Xx- arXiv:./vhep-th"))
def test_normalising_numbers_twice_changes_nothing(text: str) -> None:
    for normalise in (normalise_arxiv, normalise_isbn):
        value = normalise(text)
        assert value is None or normalise(value) == value
    find_arxiv(text)
