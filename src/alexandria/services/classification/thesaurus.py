"""The tree of categories as a thesaurus: taking one over, and giving it away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from alexandria.errors import InvalidInputError
from alexandria.models import Category
from alexandria.protocols.thesauri import UNTAGGED, Concept
from alexandria.services.classification.categories import CategoryService

_OWN = "urn:uuid:"
"""With the id of a category behind it, the address of one that came from no thesaurus."""
_LONGEST_NAME = 500


@dataclass(slots=True)
class Imported:
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    several_broader: list[str] = field(default_factory=list)
    """Names of concepts with several above them; each stands below the first by address."""


class ThesaurusService:
    def __init__(self, categories: CategoryService) -> None:
        self._categories = categories

    def take(self, concepts: Sequence[Concept], language: str = "en") -> Imported:
        """Make each concept a category, or bring the category that stands for it up to date.

        A category stands for a concept by its address, or, if it came from no thesaurus, by its
        name at the same place of the tree. `language`: of name, description and keywords, where
        a concept has it. Categories that are no concept stay as they are. Raises
        InvalidInputError, before anything is changed, if concepts stand below themselves.
        """
        ordered = _in_order(concepts)
        known = {_address(one): one for one in self._categories.lock()}
        there = {one.uri for one in concepts}
        places = {
            (one.parent_id, one.name.casefold()): one
            for uri, one in known.items()
            if one.uri is None and uri not in there
        }
        done = Imported()
        for concept in ordered:
            above = [known[uri] for uri in concept.broader if uri in known]
            values = _values(concept, language, above[0].id if above else None)
            if len(above) > 1:
                done.several_broader.append(values["name"])
            place = values["parent_id"], values["name"].casefold()
            category = known.get(concept.uri) or places.pop(place, None)
            known[concept.uri] = self._written(category, values, done)
        if done.added or done.changed:
            self._categories.announce()
        return done

    def concepts(self) -> list[Concept]:
        """Give all categories as concepts, those above before those below."""
        found = self._categories.categories()
        addresses = {one.id: _address(one) for one in found}
        return [_concept(one, addresses) for one in found]

    def _written(
        self, category: Category | None, values: Mapping[str, Any], done: Imported
    ) -> Category:
        if category is None:
            done.added += 1
            return self._categories.put(None, values)
        changes = {
            name: value
            for name, value in values.items()
            if _comparable(name, getattr(category, name)) != _comparable(name, value)
        }
        if _address(category) == values["uri"]:
            changes.pop("uri", None)  # it has the address already, or came from here
        if not changes:
            done.unchanged += 1
            return category
        done.changed += 1
        return self._categories.put(category, changes)


def _comparable(field_name: str, value: Any) -> Any:
    """Give it as it comes back from a file, where texts have no order."""
    if field_name == "keywords":
        return sorted(value)
    return value.strip() if field_name == "description" else value


def _address(category: Category) -> str:
    return category.uri or f"{_OWN}{category.id}"


def _in_order(concepts: Sequence[Concept]) -> list[Concept]:
    """Give those above before those below. Raises InvalidInputError for a circle."""
    by_uri = {one.uri: one for one in concepts}
    above = {one.uri: [uri for uri in one.broader if uri in by_uri] for one in concepts}
    try:
        order = list(TopologicalSorter(above).static_order())
    except CycleError as error:
        names = " → ".join(_name(by_uri[uri])[0] for uri in error.args[1])
        raise InvalidInputError(
            f"Concepts stand below themselves: {names[:500]}.",
            "Take one of these relations (broader, narrower) out of the file.",
        ) from error
    return [by_uri[uri] for uri in order]


def _name(concept: Concept, language: str = "en") -> tuple[str, str]:
    """Give the name of the category and its language: the one wanted, else none, else the first."""
    for tag in (language, UNTAGGED, *sorted(concept.preferred)):
        if tag in concept.preferred:
            return concept.preferred[tag], tag
    raise ValueError(concept.uri)


def _values(concept: Concept, language: str, parent_id: str | None) -> dict[str, Any]:
    name, own = _name(concept, language.lower())
    if len(name) > _LONGEST_NAME:
        raise InvalidInputError(
            f"The preferred label of {concept.uri} has {len(name)} letters.",
            f"A category's name has at most {_LONGEST_NAME}.",
        )
    tags = {*concept.preferred, *concept.alternative, *concept.definitions} - {own}
    return {
        "uri": concept.uri,
        "name": name,
        "language": own or None,
        "parent_id": parent_id,
        "notation": concept.notation,
        "description": concept.definitions.get(own, ""),
        "keywords": concept.alternative.get(own, []),
        "labels": {tag: _words(concept, tag) for tag in sorted(tags)},
    }


def _words(concept: Concept, tag: str) -> dict[str, Any]:
    words = {
        "preferred": concept.preferred.get(tag),
        "alternative": concept.alternative.get(tag),
        "definition": concept.definitions.get(tag),
    }
    return {name: value for name, value in words.items() if value}


def _concept(category: Category, addresses: Mapping[str, str]) -> Concept:
    own = category.language or UNTAGGED
    preferred, alternative, definitions = (
        {tag: words[name] for tag, words in category.labels.items() if name in words}
        for name in ("preferred", "alternative", "definition")
    )
    preferred[own] = category.name
    if category.keywords:
        alternative[own] = category.keywords
    if category.description:
        definitions[own] = category.description
    return Concept(
        uri=addresses[category.id],
        preferred=preferred,
        alternative=alternative,
        definitions=definitions,
        notation=category.notation,
        broader=(addresses[category.parent_id],) if category.parent_id else (),
    )
