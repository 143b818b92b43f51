"""Measure, print, and write the table.

python -m benchmarks [--size MIB] [--runs N] [--seconds N] [--write docs/benchmarks.md]
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path

from benchmarks import client, latency, throughput
from benchmarks.conditions import commit, replace_table
from benchmarks.installation import installed, peak_rss_mib
from scripts.http_client import MIB

MARKS = ("<!-- figures -->\n", "<!-- end of figures -->")
GOALS = {"upload_ratio": "≥ 1.0", "download_ratio": "≥ 0.9", "archive_ratio": "≥ 0.9", "json_p99_ratio": "≤ 3"}
LABELS = {
    "plain_upload": "plain boto3 upload, its defaults, MiB/s",
    "gateway_upload": "gateway upload, sealed, MiB/s",
    "upload_ratio": "**gateway upload ÷ plain upload**",
    "plain_download": "plain boto3 GET, MiB/s",
    "gateway_download": "gateway download, opened, MiB/s",
    "download_ratio": "**gateway download ÷ plain GET**",
    "archive_download": "the same as one ZIP, MiB/s",
    "archive_ratio": "**ZIP ÷ gateway download**",
    "curl_send": "curl -T, one request, MiB/s",
    "packet_send": "packet send, MiB/s",
    "client_send_ratio": "**packet send ÷ curl -T**",
    "curl_fetch": "curl -o, until it is on disk, MiB/s",
    "packet_fetch": "packet fetch, proved and on disk, MiB/s",
    "client_fetch_ratio": "**packet fetch ÷ curl -o**",
    "json_idle_p50_ms": "JSON p50, idle, ms",
    "json_idle_p99_ms": "JSON p99, idle, ms",
    "json_loaded_p50_ms": "JSON p50 while 64 slow clients transfer, ms",
    "json_loaded_p99_ms": "JSON p99 while 64 slow clients transfer, ms",
    "json_p99_ratio": "**JSON p99, loaded ÷ idle**",
}


def main() -> None:
    """Everything in one run, on one service."""
    parser = argparse.ArgumentParser(prog="./scripts/bench")
    parser.add_argument("--size", type=int, default=1024, help="of the file, in MiB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=12, help="of JSON, idle and loaded, in each run")
    parser.add_argument("--write", type=Path, help="the page whose table is replaced")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, installed(Path(folder), asked.size * MIB) as installation:
        figures = throughput.measured(installation, asked.runs)
        figures |= client.measured(installation, asked.runs)
        figures |= latency.measured(installation, asked.runs, asked.seconds)
        peaks = peak_rss_mib(installation.standalone.data)
    table = "\n".join(rows(figures, peaks))
    print(table)
    if asked.write:
        replace_table(asked.write, f"{conditions(asked.size, asked.runs)}\n\n{table}", MARKS)


def rows(figures: dict[str, float], peaks: dict[str, float]) -> list[str]:
    """The table in Markdown."""
    lines = ["| figure | median | reach |", "|---|---|---|"]
    lines += [f"| {label} | {figures[name]:,.2f} | {GOALS.get(name, '')} |" for name, label in LABELS.items()]
    return lines + [f"| peak RSS, {role}, MiB | {peak:,.0f} | |" for role, peak in sorted(peaks.items())]


def conditions(size_mib: int, runs: int) -> str:
    """What was measured, and on what."""
    return (
        f"Commit {commit()}; {os.cpu_count()} cores, Python {platform.python_version()}; a file of {size_mib} MiB, "
        f"medians of {runs} interleaved rounds; client, service and store on the same cores."
    )


if __name__ == "__main__":
    main()
