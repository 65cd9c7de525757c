# ruff: noqa: RUF001 - dashes as they are printed
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexandria.adapters.extractors.bibtex import extract_bibtex, resolve
from alexandria.adapters.extractors.bibtex_record import people
from alexandria.adapters.extractors.latex import latex_to_text, verbatim_to_text
from alexandria.adapters.extractors.limits import DEFAULT_LIMITS, Limits
from alexandria.errors import ExtractionError
from alexandria.protocols.extraction import Record

FIXTURES = Path(__file__).parents[1] / "fixtures" / "extractors"


def records(text: str) -> list[Record]:
    return [entry.record for entry in extract_bibtex(text, DEFAULT_LIMITS).records if entry.record]


@pytest.fixture(scope="module")
def library() -> list[Record]:
    return records((FIXTURES / "library.bib").read_text(encoding="utf-8"))


def test_every_entry_is_read_also_those_with_the_same_key(library: list[Record]) -> None:
    keys = [record.external_id for record in library]
    assert keys == ["turing1937", "goedel1931", "erdos1961", "acta", "turing1937"]


def test_macros_months_and_identifiers(library: list[Record]) -> None:
    turing = library[0]
    assert turing.venue == "Proceedings of the London Mathematical Society"
    assert turing.title == "On Computable Numbers, with an Application to the Entscheidungsproblem"
    assert turing.doi == "10.1112/plms/s2-42.1.230"
    assert turing.tags == ("computability", "decision problem")
    assert turing.extra == {"volume": "s2-42", "month": "1", "pages": "230–265"}


def test_round_brackets_accents_and_languages(library: list[Record]) -> None:
    goedel = library[1]
    assert goedel.authors == ("Kurt Gödel",)
    assert goedel.title == "Über formal unentscheidbare Sätze der Principia Mathematica"
    assert (goedel.year, goedel.language, goedel.type) == (1931, "de", "article")


def test_fields_are_inherited_and_others_names_nobody(library: list[Record]) -> None:
    erdos = library[2]
    assert erdos.authors == ("Pál Erdős", "Alfréd Rényi")
    assert (erdos.venue, erdos.year) == ("Acta Mathematica Hungarica", 1961)
    assert erdos.arxiv_id == "1706.03762"
    assert erdos.type == "conference-paper"


def test_a_broken_entry_is_named_and_stops_no_other() -> None:
    document = extract_bibtex((FIXTURES / "broken.bib").read_text("utf-8"), DEFAULT_LIMITS)
    read = [entry.record.external_id for entry in document.records if entry.record]
    assert read == ["darwin1859", "shannon1948"]
    broken = [(entry.line, entry.error) for entry in document.records if entry.error]
    assert [line for line, _ in broken] == [7, 19, 23]
    messages = [message or "" for _, message in broken]
    assert "“mendel1866” in line 7 is never closed" in messages[0]
    assert "line 19" in messages[1]
    assert "“curie1911” in line 23 is never closed: the file ends" in messages[2]
    assert all(entry.remedy for entry in document.records if entry.error)


def test_entries_commented_out_do_not_count() -> None:
    text = "%@book{gone,\n%  title = {Gone}}\n@book{there, title = {There}}"
    assert [record.title for record in records(text)] == ["There"]


def test_a_file_without_entries_is_refused() -> None:
    with pytest.raises(ExtractionError, match="no entries"):
        extract_bibtex("@comment{nothing}", DEFAULT_LIMITS)


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(ExtractionError, match="more than 1 records"):
        extract_bibtex("@misc{a, title={A}}\n@misc{b, title={B}}", Limits(max_records=1))


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ('Turing, Alan and Kurt G{\\"o}del', ("Alan Turing", "Kurt Gödel")),
        ("{Barnes and Noble} and others", ("Barnes and Noble",)),
        ("van Beethoven, Ludwig", ("Ludwig van Beethoven",)),
        ("King, Jr., Martin Luther", ("Martin Luther King Jr.",)),
        ("family=Beauvoir, given=Simone, prefix=de", ("Simone de Beauvoir",)),
        ("Watson, J. D., Crick, F. H.", ("J. D. Watson", "F. H. Crick")),
        ("Curie, Marie; Curie, Pierre", ("Marie Curie", "Pierre Curie")),
        ("", ()),
    ],
)
def test_author_fields(field: str, names: tuple[str, ...]) -> None:
    assert people(field) == names


def test_values_are_put_together() -> None:
    macros = {"conf": "Conference"}
    assert resolve('"Proc. " # conf # { 2020}', macros) == "Proc. Conference 2020"
    assert resolve("{a {nested} value}", macros) == "a {nested} value"
    assert resolve("CONF", macros) == "Conference"
    assert resolve("1999", macros) == "1999"


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"K{\"o}nig M\"uller \'{e}t\'e na\"{\i}ve", "König Müller été naïve"),
        (r"\c{c} \v{S} \v s {\AA} \o{} Erd\H os \~n", "ç Š š Å ø Erdős ñ"),
        (r"Cu$_2$O, 10$^{-3}$ and $\beta$-decay", "Cu2O, 10⁻³ and β-decay"),
        (r"{\em Old} \textit{new} {\noopsort{b}}style", "Old new style"),
        (r"1--2 --- ``so'' 5\% R\&D", "1–2 — “so” 5% R&D"),
        (r"\unknown{kept} C:\temp", "kept C:temp"),
        ("no commands", "no commands"),
    ],
)
def test_latex_becomes_plain_text(latex: str, text: str) -> None:
    assert latex_to_text(latex) == text


def test_addresses_keep_their_dashes() -> None:
    assert verbatim_to_text(r"http://a.org/x--y\_z\%20{q}") == "http://a.org/x--y_z%20q"


@given(st.text(alphabet="\\{}$'`\"^_~-cvi ab@=,#", max_size=60))
def test_odd_latex_never_fails(text: str) -> None:
    latex_to_text(text)
    people(text)
    resolve(text, {})


def test_absurd_nesting_does_no_harm() -> None:
    deep = "{" * 50_000 + "x" + "}" * 50_000
    assert records(f"@misc{{a, title = {{{deep}}}}}")[0].title == "x"
    latex_to_text(r"\'{" * 50_000)
