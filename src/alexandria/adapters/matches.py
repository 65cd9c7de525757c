"""How often a query's words stand in the columns of an entry."""

from collections.abc import Mapping

from alexandria.adapters.fulltext_match import Sought


def occurrences(sought: Sought, columns: Mapping[str, str]) -> dict[str, int]:
    """Count in each column of tokens; columns without any are left out."""
    asked = sought.term.column
    counted = {
        name: _count(sought, tokens)
        for name, tokens in columns.items()
        if asked in {None, name} or asked not in columns
    }
    return {name: number for name, number in counted.items() if number}


def _count(sought: Sought, tokens: str) -> int:
    # With two spaces between tokens each has its own before and after it, also in `count`.
    spaced = f" {tokens.replace(' ', '  ')} "
    whole = sum(spaced.count(f" {'  '.join(one)} ") for one in sought.whole)
    return whole + sum(spaced.count(f" {'  '.join(one)}") for one in sought.begun)
