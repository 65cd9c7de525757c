import re
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([a-z0-9][a-z0-9._-]*) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def table(heading: str) -> dict[str, tuple[str, ...]]:
    """Package to purpose, reason, licence, of the table under a heading."""
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [(name, tuple(cells)) for name, *cells in ROW.findall(section) if name != "package"]
    assert len(dict(rows)) == len(rows), f"a package stands twice under {heading}"
    return dict(rows)


def declared() -> tuple[set[str], set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return (
        names(project["project"]["dependencies"]),
        names(project["dependency-groups"]["dev"]),
    )


def names(requirements: list[str]) -> set[str]:
    found = (REQUIREMENT.match(requirement) for requirement in requirements)
    return {match.group().lower() for match in found if match}


def test_each_direct_dependency_is_explained_and_no_other() -> None:
    runtime, development = declared()
    assert set(table("To run")) == runtime
    assert set(table("To develop")) == development


@pytest.mark.parametrize("package", sorted(set.union(*declared())))
def test_the_licence_is_the_one_that_the_package_declares(package: str) -> None:
    licence = (table("To run") | table("To develop"))[package][-1]
    assert licence in licences_of(package)


def licences_of(package: str) -> set[str]:
    """SPDX expression where there is one, else the free text and the classifiers, shortened."""
    fields = metadata(package)
    expression = fields.get_all("License-Expression")
    if expression:
        return set(expression)
    classifiers = [c for c in fields.get_all("Classifier") or () if c.startswith("License")]
    texts = [*(fields.get_all("License") or ()), *(c.rpartition(" :: ")[2] for c in classifiers)]
    return {SPDX.get(text, text) for text in texts}


SPDX = {
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
}
