"""A short run of `benchmarks/mutated_files.py` on the fixtures, always with the same files."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "mutated_files.py"

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="looks at processes through /proc"
)


def test_no_damaged_file_crashes_a_reader_hangs_it_or_leaves_anything() -> None:
    spec = importlib.util.spec_from_file_location("mutated_files", SCRIPT)
    assert spec
    assert spec.loader
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    report = benchmark.run(None, 250, seed=3)
    assert report["read"] + report["refused"] == report["files"] == 250
    assert report["read"] > 50
    assert report["refused"] > 10
    assert report["memory_grown_mb"] < 20
    assert report["open_files_of_helper"] <= 5
    assert report["processes_left"] == report["temporary_files_left"] == 0
