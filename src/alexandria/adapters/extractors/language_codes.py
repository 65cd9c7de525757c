"""The names of languages as files and services declare them, turned into ISO 639-1."""

from alexandria.adapters.extractors.text import clean_line


def language_code(value: str | None) -> str | None:
    """Give the ISO 639-1 code of a declared language: `en-US`, `eng`, `German`."""
    word = (clean_line(value) or "").lower().replace("_", "-").split("-")[0].strip()
    if len(word) == 2 and word.isascii() and word.isalpha():
        return word
    return _CODES.get(word)


_CODES = {
    name: code
    for code, names in {
        "ar": "ara arabic",
        "bg": "bul bulgarian",
        "ca": "cat catalan",
        "cs": "ces cze czech",
        "da": "dan danish",
        "de": "deu ger german ngerman deutsch austrian naustrian",
        "el": "ell gre greek",
        "en": "eng english american british usenglish ukenglish",
        "es": "spa spanish español",
        "et": "est estonian",
        "eu": "eus baq basque",
        "fa": "fas per persian",
        "fi": "fin finnish",
        "fr": "fra fre french francais français",
        "he": "heb hebrew",
        "hi": "hin hindi",
        "hr": "hrv croatian",
        "hu": "hun hungarian magyar",
        "id": "ind indonesian",
        "is": "isl ice icelandic",
        "it": "ita italian italiano",
        "ja": "jpn japanese",
        "ko": "kor korean",
        "la": "lat latin",
        "lt": "lit lithuanian",
        "lv": "lav latvian",
        "nl": "nld dut dutch",
        "no": "nor norwegian norsk",
        "pl": "pol polish",
        "pt": "por portuguese brazilian brazil",
        "ro": "ron rum romanian",
        "ru": "rus russian",
        "sk": "slk slo slovak",
        "sl": "slv slovenian slovene",
        "sr": "srp serbian",
        "sv": "swe swedish",
        "tr": "tur turkish",
        "uk": "ukr ukrainian",
        "vi": "vie vietnamese",
        "zh": "zho chi chinese",
    }.items()
    for name in names.split()
}
