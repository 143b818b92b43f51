"""The overview's benchmark runs: what it measures so, on a few packets, is worth nothing."""

import re
import subprocess
import sys

import pytest

from benchmarks.overview import LABELS
from tests.standalone_process import ROOT, clean_environment


@pytest.mark.long
def test_the_benchmark_of_the_overview_prints_a_table_of_all_that_it_measures(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- overview -->\nold\n<!-- end of overview -->\nafter\n")
    command = [sys.executable, "-m", "benchmarks.overview", "--packets", "30", "--runs", "1", "--write", str(page)]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (.*?) \| ([\d,.]+) \| \d+ \| ([\d,.]+) \| \d+ \| .*\|$", done.stdout, re.MULTILINE)
    assert [label for label, *_ in rows] == [*LABELS.values()]
    before, *written, after = page.read_text().splitlines()
    assert (before, after) == ("before", "after")
    assert "old" not in written
    assert [line for line in written if line.startswith("|")] == [line for line in done.stdout.splitlines() if line]
