"""LaTeX as it stands in bibliographies, turned into plain Unicode text. Never fails."""
# ruff: noqa: RUF001 - look-alike characters are what this file is about

import re
import unicodedata

from alexandria.adapters.extractors.latex_symbols import (
    COMBINING,
    NOTHING,
    SPACES,
    SUPERSCRIPTS,
    SWITCHES,
    SYMBOLS,
    WITH_ARGUMENT,
)

_SPECIAL = re.compile(r"[\\{}$~^_]|--|``|''")
_TOKEN = re.compile(r"\\([A-Za-z]+\*?|.|\n)?|[{}$~^_]|---?|``|''|[^\\{}$~^_`'-]+|.", re.DOTALL)
_VERBATIM = re.compile(r"\\([_%&#$~{}-])|[{}]")
_ONE = re.compile(r"\\(?:[A-Za-z]+|.)|.", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_LETTERS_ONLY = re.compile(r"[A-Za-z]")
_PLAIN = {"$": "", "~": " ", "--": "–", "---": "—", "``": "“", "''": "”", "{": "", "}": ""}
_DOTLESS = {"ı": "i", "ȷ": "j"}
_MATH = "$"
_MAX_DEPTH = 20  # of accents within accents; nobody writes three


def latex_to_text(source: str) -> str:
    if _SPECIAL.search(source) is None:
        return source
    return unicodedata.normalize("NFC", _Decoder(source, 0).decode())


def verbatim_to_text(source: str) -> str:
    """For addresses and identifiers: only braces and escapes vanish, dashes stay."""
    return _VERBATIM.sub(lambda m: m.group(1) or "", source).strip()


def split_top_level(source: str, separator: re.Pattern[str]) -> list[str]:
    """Split where the separator stands outside of braces."""
    parts, start, depth = [], 0, 0
    marks = re.compile(rf"\\.|[{{}}]|{separator.pattern}", separator.flags | re.DOTALL)
    for match in marks.finditer(source):
        mark = match.group()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth = max(depth - 1, 0)
        elif not mark.startswith("\\") and depth == 0:
            parts.append(source[start : match.start()])
            start = match.end()
    return [*parts, source[start:]]


class _Decoder:
    def __init__(self, source: str, depth: int) -> None:
        self._source = source
        self._position = 0
        self._depth = depth
        self._math = False
        self._out: list[str] = []

    def decode(self) -> str:
        while match := _TOKEN.match(self._source, self._position):
            self._position = match.end()
            self._out.append(self._token(match))
        return "".join(self._out)

    def _token(self, match: re.Match[str]) -> str:
        token = match.group()
        if token[0] == "\\":
            return self._command(match.group(1) or "")
        if token == _MATH:
            self._math = not self._math
        if token in {"^", "_"}:
            return self._script(token) if self._math else token
        return _PLAIN.get(token, token)

    def _command(self, name: str) -> str:
        if _LETTERS_ONLY.match(name):
            return self._word_command(name.rstrip("*"))
        if name in COMBINING:
            return self._accent(name)
        if name in SPACES:
            return " "
        return "" if name in NOTHING else name

    def _word_command(self, name: str) -> str:
        if name in COMBINING:
            return self._accent(name)
        if name == "textsuperscript":
            return _superscript(self._argument())
        if name in WITH_ARGUMENT:
            self._argument()
            return ""
        if name in SYMBOLS or name in SWITCHES:
            self._skip_spaces()
            return SYMBOLS.get(name, "")
        if name in SPACES:
            return " "
        return "" if self._next() == "{" else name

    def _accent(self, name: str) -> str:
        argument = self._argument()
        if not argument:
            return name if name in {"'", "`", '"', "^", "~"} else ""
        first = _DOTLESS.get(argument[0], argument[0])
        return f"{first}{COMBINING[name]}{argument[1:]}"

    def _script(self, mark: str) -> str:
        argument = self._argument()
        return _superscript(argument) if mark == "^" else argument

    def _next(self) -> str:
        return self._source[self._position : self._position + 1]

    def _skip_spaces(self) -> None:
        while self._next() in {" ", "\t"} and self._next():
            self._position += 1

    def _argument(self) -> str:
        """Take the next group, command or character, decoded."""
        self._skip_spaces()
        if self._depth >= _MAX_DEPTH:
            return ""
        if self._next() == "{":
            source = self._group()
        elif match := _ONE.match(self._source, self._position):
            if match.group() in {"}", "$"}:
                return ""
            source = match.group()
            self._position = match.end()
            if len(source) > 1:
                self._skip_spaces()
        else:
            return ""
        return _Decoder(source, self._depth + 1).decode()

    def _group(self) -> str:
        """Take what stands within the braces that open here; all the rest if they never close."""
        start, depth = self._position + 1, 0
        for match in _BRACE.finditer(self._source, self._position):
            depth += {"{": 1, "}": -1}.get(match.group(), 0)
            if depth == 0:
                self._position = match.end()
                return self._source[start : match.start()]
        self._position = len(self._source)
        return self._source[start:]


def _superscript(text: str) -> str:
    if all(c in SUPERSCRIPTS for c in text):
        return "".join(SUPERSCRIPTS[c] for c in text)
    return f"^{text}" if len(text) == 1 and text.isalnum() else text
