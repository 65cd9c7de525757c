"""The language of a text, or None where the text is too short or too mixed to say."""

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_MIN_LETTERS = 40
_MIN_CONFIDENCE = 0.9
_SAMPLE_CHARACTERS = 5_000
_identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str | None) -> str | None:
    """Give the ISO 639-1 code.

    Takes its sample a little after the beginning, where names and addresses are over.
    """
    if not text:
        return None
    start = min(1_000, len(text) // 4)
    sample = text[start : start + _SAMPLE_CHARACTERS]
    if sum(c.isalpha() for c in sample) < _MIN_LETTERS:
        return None
    code, confidence = _identifier.classify(sample)
    return str(code) if confidence >= _MIN_CONFIDENCE and len(code) == 2 else None
