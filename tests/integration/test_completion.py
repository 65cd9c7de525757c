"""Tab completion, asked for as bash does: by the function that `--install-completion` writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None and "CI" not in os.environ, reason="There is no bash."
)

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_alexandria_completion alexandria
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give an environment with the entry point on PATH, and completion installed for bash."""
    folder = tmp_path_factory.mktemp("home")
    entry = folder / "bin" / "alexandria"
    entry.parent.mkdir()
    entry.write_text(f"#!{sys.executable}\nfrom alexandria.cli import main\n\nmain()\n")
    entry.chmod(0o755)
    environment = os.environ | {
        "HOME": str(folder),
        "PATH": f"{entry.parent}:{os.environ['PATH']}",
        "ALEXANDRIA_DATA_DIR": str(folder / "none"),
    }
    command = 'exec bash -c "alexandria --install-completion; true"'
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert "completion installed" in done.stdout, done.stdout + done.stderr
    return environment


def complete(installed: dict[str, str], *words: str) -> list[str]:
    """Press Tab after the words, the last of which is not written to its end."""
    script = Path(installed["HOME"]) / ".bash_completions" / "alexandria.sh"
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(script), "alexandria", *words],
        env=installed,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["re"], ["restore", "rebuild"]),
        (["dead", ""], ["list", "retry", "discard"]),
        (
            ["rebuild", ""],
            [
                *("search", "embedding", "passages", "quality", "classification"),
                *("duplicates", "citations", "graph", "authors"),
                "all",
            ],
        ),
        (["rebuild", "qu"], ["quality"]),
        (["rebuild", "--wo"], ["--workers"]),
        (["export", "--format", ""], ["bibtex", "ris", "csl-json", "jsonl"]),
        (["search", "--mode", "h"], ["hybrid"]),
        (["dead", "retry", "--task", "alexandria.tasks.look"], ["alexandria.tasks.look_up_task"]),
        (["users", "token", "--scope", "r"], ["read"]),
        (["lookup", "--scheme", ""], ["doi", "arxiv", "isbn", "pmid"]),
        (["export", "--format", "x"], []),
    ],
)
def test_bash_completes(installed: dict[str, str], words: list[str], found: list[str]) -> None:
    assert complete(installed, *words) == found
