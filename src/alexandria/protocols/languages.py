"""Languages by their ISO 639-1 code."""


def language_code(value: str | None) -> str | None:
    """Give the ISO 639-1 code of a declared language: `en-US`, `eng`, `German`."""
    word = " ".join((value or "").split()).lower().replace("_", "-").split("-")[0].strip()
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
        "eo": "epo esperanto",
        "eu": "eus baq basque",
        "fa": "fas per persian",
        "fi": "fin finnish",
        "fr": "fra fre french francais français",
        "ga": "gle irish",
        "he": "heb hebrew",
        "hi": "hin hindi",
        "hr": "hrv croatian",
        "hu": "hun hungarian magyar",
        "hy": "hye arm armenian",
        "id": "ind indonesian",
        "is": "isl ice icelandic",
        "it": "ita italian italiano",
        "ja": "jpn japanese",
        "ko": "kor korean",
        "la": "lat latin",
        "lt": "lit lithuanian",
        "lv": "lav latvian",
        "ne": "nep nepali",
        "nl": "nld dut dutch",
        "no": "nor norwegian norsk nb nob nn nno",
        "pl": "pol polish",
        "pt": "por portuguese brazilian brazil",
        "ro": "ron rum romanian",
        "ru": "rus russian",
        "sk": "slk slo slovak",
        "sl": "slv slovenian slovene",
        "sr": "srp serbian",
        "sv": "swe swedish",
        "ta": "tam tamil",
        "th": "tha thai",
        "tr": "tur turkish",
        "uk": "ukr ukrainian",
        "vi": "vie vietnamese",
        "yi": "yid yiddish",
        "zh": "zho chi chinese",
    }.items()
    for name in names.split()
}
