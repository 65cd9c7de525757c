import json
import re
from pathlib import Path
from textwrap import wrap

import pytest
from pydantic.fields import FieldInfo

from alexandria.config import Settings

ENV_EXAMPLE = Path(__file__).parents[2] / ".env.example"
SETTING = re.compile(r"# ([A-Z][A-Z0-9_]*)=(.*)")


def blocks() -> list[str]:
    """The settings of `.env.example`; what stands above the first empty line is for the reader."""
    return ENV_EXAMPLE.read_text(encoding="utf-8").strip().split("\n\n")[1:]


def as_written(default: object) -> str:
    if default is None:
        return ""
    return str(default) if isinstance(default, str | Path) else json.dumps(default)


def expected_block(name: str, field: FieldInfo) -> str:
    assert field.description, f"{name} has no description in config.py"
    lines = [f"# {line}" for line in wrap(field.description, width=96)]
    return "\n".join([*lines, f"# {name.upper()}={as_written(field.default)}"])


def test_each_setting_stands_with_its_meaning_and_default_in_the_order_of_the_class() -> None:
    expected = [expected_block(name, field) for name, field in Settings.model_fields.items()]
    assert blocks() == expected


def test_the_defaults_as_written_are_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    defaults = Settings()
    written = SETTING.findall(ENV_EXAMPLE.read_text(encoding="utf-8"))
    given = {name.lower(): value for name, value in written if value}
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()), "utf-8")

    read = Settings()

    assert read.model_fields_set == given.keys()
    assert read == defaults


def test_nothing_is_switched_on_by_copying_the_file() -> None:
    lines = ENV_EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []
