"""Text recognition: pages that are pictures, read by the tesseract program."""

import subprocess
import sys
from ctypes import CDLL
from signal import SIGKILL
from time import monotonic
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium

from alexandria.adapters.extractors.limits import Ocr
from alexandria.adapters.extractors.text import clean_line

_POINTS = 72
_DOTS = 300  # to the inch, as tesseract wants it
_LARGEST = 6_000  # dots on the longer side; larger pages are drawn smaller
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class Recogniser:
    """Reads the pages of one document, as far as time and number allow."""

    def __init__(self, ocr: Ocr) -> None:
        self._ocr = ocr
        self._until = monotonic() + ocr.seconds
        self.pages = 0
        self.left_out = 0
        self.failure: str | None = None
        """What the program said when it failed; then it is not asked again."""

    def read(self, page: Any) -> str | None:
        """Give the text of a page of PDFium, or None if it holds no picture, or time is up."""
        if self.failure or not _has_picture(page):
            return None
        seconds = self._until - monotonic()
        if seconds <= 0 or self.pages >= self._ocr.max_pages:
            self.left_out += 1
            return None
        try:
            text = self._run(_picture(page), seconds)
        except subprocess.TimeoutExpired:
            self._until, self.left_out = monotonic(), self.left_out + 1
            return None
        self.pages += text is not None
        return text

    def _run(self, picture: bytes, seconds: float) -> str | None:
        done = subprocess.run(
            [self._ocr.program, "stdin", "stdout", "-l", self._ocr.languages],
            input=picture,
            capture_output=True,
            timeout=seconds,
            check=False,
            preexec_fn=_end_with_parent,  # safe: this process has one thread
        )
        if done.returncode != 0:
            said = clean_line(done.stderr.decode("utf-8", errors="replace")) or "no reason given"
            self.failure = said[:300]
            return None
        return done.stdout.decode("utf-8", errors="replace").replace("\f", "\n")


def _has_picture(page: Any) -> bool:
    return any(True for _ in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]))


def _picture(page: Any) -> bytes:
    """Draw the page in grey, as a PGM file."""
    longer = max(page.get_size()) or 1.0
    scale = min(_DOTS / _POINTS, _LARGEST / longer)
    bitmap = page.render(scale=scale, grayscale=True)
    grey = np.ascontiguousarray(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)
    head = f"P5 {bitmap.width} {bitmap.height} 255\n".encode()
    data = head + grey.tobytes()
    bitmap.close()
    return data


def _end_with_parent() -> None:
    if sys.platform == "linux":
        CDLL(None).prctl(_DEATH_SIGNAL, SIGKILL)
