"""Sentence embeddings by an ONNX model on the CPU."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from alexandria.errors import UnavailableError

MAX_TOKENS = 128
_READ_CHARACTERS = 65_536
_KEPT_CHARACTERS = 4_096
"""Far more than 128 tokens need, so that a book costs no more than an abstract."""

_MODEL, _TOKENIZER, _SUMS = "model.onnx", "tokenizer.json", "SHA256SUMS"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_SENTENCE = "sentence_embedding"
_REMEDY = (
    "Install Alexandria again, or set ALEXANDRIA_EMBEDDING_MODEL to a folder "
    f"with the {_MODEL} and {_TOKENIZER} of a sentence-transformers model."
)


class OnnxEmbedder:
    """Texts go through the model one by one, several at once with more than one thread.

    Dynamic int8 takes one scale for all texts of a batch, so that a text's vector would depend on
    its neighbours; alone it is always the same, and no slower, since nothing is padded.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        """Load the model; raises UnavailableError if it is missing, damaged or unfit.

        Files that `SHA256SUMS` in the folder names must have the sums it gives.
        """
        with _explained(folder):
            _check_sums(folder)
            self._tokenizer = _load_tokenizer(folder / _TOKENIZER)
            self._session = _load_session(folder / _MODEL)
            self._model = _full_name(folder, self._session)
            self._inputs = _inputs(self._session)
            self._output = _output_name(self._session)
            self._dimensions = len(self._run(self._token_ids("A first sentence.")))
        self._threads = threads

    @property
    def model(self) -> str:
        """The name, and the start of the weights' SHA-256: other weights are another producer."""
        return self._model

    @property
    def dimensions(self) -> int:
        return self._dimensions

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give an array of shape (len(texts), dimensions) whose rows have length 1.

        Only the first 128 tokens of a text count. An empty text gets the model's vector of
        nothing; with a model whose tokenizer makes no token of it, the row is zero.
        """
        vectors = np.zeros((len(texts), self._dimensions), np.float32)
        for row, vector in enumerate(self._vectors(texts)):
            vectors[row] = vector
        return vectors

    def _vectors(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        if self._threads == 1 or len(texts) < 2:
            yield from map(self._vector, texts)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                yield from pool.map(self._vector, texts)

    def _vector(self, text: str) -> NDArray[np.float32]:
        ids = self._token_ids(text)
        vector = self._run(ids) if ids else np.zeros(self._dimensions, np.float32)
        length = np.linalg.norm(vector)
        return vector / length if length > 0 else vector

    def _token_ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(_readable(text)).ids
        return ids

    def _run(self, ids: list[int]) -> NDArray[np.float32]:
        """Give the mean over the rows of the output, whether it has one or one for each token."""
        values = dict(zip(_INPUTS, (ids, [1] * len(ids), [0] * len(ids)), strict=True))
        feed = {name: np.array([values[name]], kind) for name, kind in self._inputs.items()}
        answer = self._session.run([self._output], feed)[0]
        mean: NDArray[np.float32] = answer.reshape(-1, answer.shape[-1]).mean(0, dtype=np.float32)
        return mean


def _readable(text: str) -> str:
    """Give the start of the text, with `?` for what UTF-8 can't hold (lone surrogates)."""
    words = text.lstrip()[:_READ_CHARACTERS].split()
    return " ".join(words)[:_KEPT_CHARACTERS].encode(errors="replace").decode()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except UnavailableError:
        raise
    except Exception as error:  # onnxruntime and tokenizers have no common class of errors
        raise UnavailableError(
            f"The embedding model in {folder} can't be loaded: {error}.", _REMEDY
        ) from error


def _check_sums(folder: Path) -> None:
    for name in (_MODEL, _TOKENIZER):
        if not (folder / name).is_file():
            raise UnavailableError(f"The embedding model in {folder} has no {name}.", _REMEDY)
    if not (folder / _SUMS).is_file():
        return
    for line in (folder / _SUMS).read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition("  ")
        if _sha256(folder / name) != expected:
            raise UnavailableError(
                f"{name} of the embedding model in {folder} is damaged: "
                f"its SHA-256 is not the one in {_SUMS}.",
                _REMEDY,
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _load_session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    # The threads are ours: a session without its own survives the fork of a worker.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the memory of the longest text
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _inputs(session: onnxruntime.InferenceSession) -> dict[str, type[np.integer[Any]]]:
    """Give the type of each input; raises ValueError for one that we can't fill."""
    kinds = {each.name: each.type for each in session.get_inputs()}
    if unknown := kinds.keys() - set(_INPUTS):
        raise ValueError(f"it asks for {', '.join(sorted(unknown))}")
    return {name: np.int32 if kind == "tensor(int32)" else np.int64 for name, kind in kinds.items()}


def _full_name(folder: Path, session: onnxruntime.InferenceSession) -> str:
    name = session.get_modelmeta().custom_metadata_map.get("name", folder.absolute().name)
    return f"{name[:100]} {_sha256(folder / _MODEL)[:8]}"


def _output_name(session: onnxruntime.InferenceSession) -> str:
    names = [each.name for each in session.get_outputs()]
    return _SENTENCE if _SENTENCE in names else names[0]
