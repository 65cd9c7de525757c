"""The files of the models: those trained for this library first, else those that come with it."""

import hashlib
from functools import cached_property
from pathlib import Path

from alexandria.errors import UnavailableError

BUNDLED = Path(__file__).parents[2] / "data" / "citations"
CLASSES = "word-classes.txt"
_SUMS = "SHA256SUMS"


class Bundle:
    def __init__(self, trained: Path | None = None, bundled: Path = BUNDLED) -> None:
        """Look in `trained` first; a bundled file must have the sum that `SHA256SUMS` gives."""
        self._trained = trained
        self._bundled = bundled

    def file(self, name: str) -> Path:
        """Raises UnavailableError if it is missing or damaged."""
        if self._trained is not None and (self._trained / name).is_file():
            return self._trained / name
        path = self._bundled / name
        if not path.is_file() or _sha256(path) != self._sums.get(name):
            raise UnavailableError(
                f"The citation model {path} is missing or damaged.", "Install Alexandria again."
            )
        return path

    @cached_property
    def version(self) -> str:
        """The start of a sum over all files in use: other models are another producer."""
        names = sorted(self._sums)
        sums = "".join(_sha256(self.file(name)) for name in names)
        return hashlib.sha256(sums.encode()).hexdigest()[:8]

    @cached_property
    def _sums(self) -> dict[str, str]:
        path = self._bundled / _SUMS
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
