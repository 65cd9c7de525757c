"""What was learned of a reader, in words."""

from collections.abc import Mapping

from alexandria.services.recommendations.profiles import Preferences

_NAMED = 8
_OF_MUCH = 0.5
"""Of the weight of the first: what has as much is named among what they care for most."""


def in_words(preferences: Preferences) -> list[tuple[str, str]]:
    """Give headings and sentences of subjects, tags and authors; empty if nothing is known."""
    parts = (
        ("Subjects", preferences.subjects),
        ("Tags", preferences.tags),
        ("Authors", preferences.authors),
    )
    return [(heading, _sentence(names)) for heading, names in parts if names]


def _sentence(names: Mapping[str, float]) -> str:
    # JSON of PostgreSQL keeps no order.
    best = sorted(names.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
    greatest = best[0][1]
    most = [name for name, weight in best if weight >= _OF_MUCH * greatest]
    less = [name for name, weight in best if weight < _OF_MUCH * greatest]
    return f"Most of all {_listed(most)}" + (f"; less so {_listed(less)}." if less else ".")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
