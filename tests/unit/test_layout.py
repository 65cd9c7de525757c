from pathlib import Path

ROOT = Path(__file__).parents[2]
LONGEST = 300


def test_files_can_be_held_in_the_head() -> None:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tools").glob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    migrations = ROOT / "src" / "alexandria" / "migrations" / "versions"
    long = {path for path, length in lengths.items() if length > LONGEST}
    assert {path for path in long if path.parent != migrations} == set()
