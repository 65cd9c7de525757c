import hashlib
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from alexandria.adapters.embedder import OnnxEmbedder, _readable
from alexandria.errors import UnavailableError
from alexandria.protocols import Embedder

ROOT = Path(__file__).parents[2]
BUNDLED = ROOT / "src" / "alexandria" / "data" / "minilm"
COLOURS = ROOT / "tests" / "fixtures" / "embedding_model"

TEXTS = [
    "Attention lets a translation model look back at the words of the source sentence.",
    "Beetles.",
    "",
    "The boundary layer of a wing turns turbulent earlier on a rough surface. " * 30,
    "Ein deutscher Satz über Wärmeleitung in Platten.",
]
ODD = [
    "NUL\x00 and \x07 bells",
    "a lone surrogate \ud800",
    "\u202eright to left \u200b\ufeff",
    "e" + "\u0301" * 5_000,
    "👩‍🔬🧬" * 300,
    "論文の要約" * 300,
    " \n\t ",
    "x" * 100_000,
]


@pytest.fixture(scope="module")
def bundled() -> Embedder:
    return OnnxEmbedder(BUNDLED)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, tmp_path / "minilm"))


def test_each_text_gets_a_row_of_length_one(bundled: Embedder) -> None:
    vectors = bundled.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert bundled.dimensions == 384


def test_no_texts_give_no_rows(bundled: Embedder) -> None:
    assert bundled.embed([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("text", "paraphrase", "other"),
    [
        (
            "How can a neural network translate sentences?",
            "Machine translation with deep learning models",
            "Heat conduction in composite slabs",
        ),
        (
            "drag of a wing at supersonic speed",
            "aerodynamic resistance of aerofoils beyond Mach 1",
            "annotated corpora for sentiment analysis",
        ),
        ("The cat sat on the mat.", "A kitten rested on a rug.", "Interest rates rose again."),
    ],
)
def test_a_paraphrase_is_nearer_than_another_subject(
    bundled: Embedder, text: str, paraphrase: str, other: str
) -> None:
    asked, near, far = bundled.embed([text, paraphrase, other])
    assert asked @ near > asked @ far + 0.3


def test_vectors_are_those_of_the_original_model(bundled: Embedder) -> None:
    """The fp32 weights give 0.5554 and 0.0524 for these sentences."""
    wing, mach, cats = bundled.embed(
        ["A wing in supersonic flow.", "the aerofoil at high Mach numbers", "Cats like milk"]
    )
    assert wing @ mach == pytest.approx(0.5554, abs=0.02)
    assert wing @ cats == pytest.approx(0.0524, abs=0.02)


def test_a_vector_does_not_depend_on_its_neighbours(bundled: Embedder) -> None:
    together = bundled.embed(TEXTS)
    alone = np.concatenate([bundled.embed([text]) for text in TEXTS])
    assert np.array_equal(together, alone)


def test_threads_and_a_second_load_change_nothing(bundled: Embedder) -> None:
    again = OnnxEmbedder(BUNDLED, threads=3)
    assert np.array_equal(again.embed(TEXTS), bundled.embed(TEXTS))
    assert again.model == bundled.model


def test_concurrent_calls_get_each_their_own(bundled: Embedder) -> None:
    expected = bundled.embed(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: bundled.embed([TEXTS[i % len(TEXTS)]])[0], range(80)))
    for i, vector in enumerate(answers):
        assert np.array_equal(vector, expected[i % len(TEXTS)])


def test_only_the_first_128_tokens_count(bundled: Embedder) -> None:
    # One token a word, and two for start and end of the text.
    start = "water " * 125
    one, same, other = bundled.embed(
        [start + "fire end", start + "fire beginning of another story", start + "earth end"]
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_white_space_in_front_hides_nothing(bundled: Embedder) -> None:
    plain, spaced = bundled.embed(
        ["a sentence", "\n" * 200_000 + "a  \t" + " " * 9_000 + "sentence"]
    )
    assert np.array_equal(plain, spaced)


@pytest.mark.parametrize("text", ODD, ids=[ascii(text[:8]) for text in ODD])
def test_odd_text_gets_a_finite_vector(bundled: Embedder, text: str) -> None:
    (vector,) = bundled.embed([text])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_text_of_megabytes_costs_no_more_than_its_start(bundled: Embedder) -> None:
    long = "What a whole library says about the boundary layer. " * 400_000
    began = time.perf_counter()
    vectors = bundled.embed([long] * 20)
    assert time.perf_counter() - began < 3
    assert np.array_equal(vectors[-1], bundled.embed([long[:4_096]])[0])
    assert len(_readable(long)) == 4_096


def test_the_model_names_itself_and_its_weights(bundled: Embedder) -> None:
    weights = hashlib.sha256((BUNDLED / "model.onnx").read_bytes()).hexdigest()
    assert bundled.model == f"all-MiniLM-L6-v2 int8 {weights[:8]}"


def test_the_readme_and_the_sums_name_the_shipped_files() -> None:
    sums = (BUNDLED / "SHA256SUMS").read_text(encoding="utf-8")
    readme = (BUNDLED / "README.md").read_text(encoding="utf-8")
    for name in ("model.onnx", "tokenizer.json"):
        found = hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest()
        assert f"{found}  {name}\n" in sums
        assert f"`{name}`: `{found}`" in readme


def _flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100_000])


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("damage", [_flip_a_bit, _cut])
def test_a_damaged_file_is_named(copied: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(copied / name)
    with pytest.raises(UnavailableError, match=f"{name} .* is damaged") as caught:
        OnnxEmbedder(copied)
    assert "ALEXANDRIA_EMBEDDING_MODEL" in caught.value.remedy


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(UnavailableError, match=f"has no {name}") as caught:
        OnnxEmbedder(copied)
    assert "ALEXANDRIA_EMBEDDING_MODEL" in caught.value.remedy


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_an_unreadable_file_without_sums_is_explained(copied: Path, name: str) -> None:
    (copied / "SHA256SUMS").unlink()
    (copied / name).write_bytes(b"not what it says")
    with pytest.raises(UnavailableError, match="can't be loaded"):
        OnnxEmbedder(copied)


def test_a_model_with_a_vector_for_each_token_is_averaged() -> None:
    colours = OnnxEmbedder(COLOURS)
    assert colours.dimensions == 4
    assert colours.model.startswith("embedding_model ")
    vectors = colours.embed(["red", "red green", "blue blue green red", "other"])
    half = 0.5**0.5
    expected = [
        [1, 0, 0, 0],
        [half, half, 0, 0],
        np.array([1, 1, 2, 0]) / 6**0.5,
        [0, 0, 0, 1],
    ]
    assert vectors == pytest.approx(np.array(expected), abs=1e-6)


def test_a_text_without_tokens_has_the_zero_row() -> None:
    assert OnnxEmbedder(COLOURS).embed([""]).tolist() == [[0, 0, 0, 0]]


def test_a_model_that_asks_for_more_is_refused(tmp_path: Path) -> None:
    model = (COLOURS / "model.onnx").read_bytes()
    (tmp_path / "model.onnx").write_bytes(model.replace(b"token_type_ids", b"other_type_ids"))
    shutil.copy(COLOURS / "tokenizer.json", tmp_path)
    with pytest.raises(UnavailableError, match="it asks for other_type_ids"):
        OnnxEmbedder(tmp_path)
