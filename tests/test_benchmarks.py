"""The benchmarks run: what they measure so, on a small file and for a second each, is worth nothing."""

import re
import subprocess
import sys

import pytest

from tests.standalone_process import ROOT, clean_environment, told_within

MEASURED = [
    "plain boto3 upload, its defaults, MiB/s",
    "gateway upload, sealed, MiB/s",
    "**gateway upload ÷ plain upload**",
    "plain boto3 GET, MiB/s",
    "gateway download, opened, MiB/s",
    "**gateway download ÷ plain GET**",
    "the same as one ZIP, MiB/s",
    "**ZIP ÷ gateway download**",
    "curl -T, one request, MiB/s",
    "packet send, MiB/s",
    "**packet send ÷ curl -T**",
    "curl -o, until it is on disk, MiB/s",
    "packet fetch, proved and on disk, MiB/s",
    "**packet fetch ÷ curl -o**",
    "JSON p50, idle, ms",
    "JSON p99, idle, ms",
    "JSON p50 while 64 slow clients transfer, ms",
    "JSON p99 while 64 slow clients transfer, ms",
    "**JSON p99, loaded ÷ idle**",
    "peak RSS, SeaweedFS (Go), MiB",
    "peak RSS, serve, MiB",
    "peak RSS, standalone, MiB",
    "peak RSS, worker, MiB",
]


@pytest.mark.long
def test_the_benchmarks_print_a_table_of_all_that_they_measure(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    bench = subprocess.Popen(
        [sys.executable, "-m", "benchmarks", "--size", "8", "--runs", "1", "--seconds", "1", "--write", str(page)],
        cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    told = told_within(bench, 300)
    assert bench.returncode == 0, told
    rows = re.findall(r"^\| (.*?) \| ([\d,.]+) \| (.*?) ?\|$", told, re.MULTILINE)
    assert [label for label, _, _ in rows] == MEASURED
    assert all(float(figure.replace(",", "")) > 0 for _, figure, _ in rows)
    assert [reach for label, _, reach in rows if label.startswith("**")] == ["≥ 1.0", "≥ 0.9", "≥ 0.9", "", "", "≤ 3"]
    before, *written, after = page.read_text().splitlines()
    assert (before, after) == ("before", "after")
    assert "old" not in written
    assert [line for line in written if line.startswith("|")] == [line for line in told.splitlines() if line[:1] == "|"]
