"""How long the overview of many packets takes: dashboard, lists, a page far down, a search; beside one bare look-up.

python -m benchmarks.overview [--packets N] [--runs N] [--url postgresql://…] [--write docs/benchmarks.md]

On SQLite, and on an empty database of PostgreSQL's where the URL of one is given. Each question is asked by the use
case, with the cases of its page opened. Milliseconds of the clock, and of the processor on SQLite, which works in the
asking thread: on a machine that other work keeps busy, only the latter hold.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.conditions import commit, replace_table
from benchmarks.many_packets import NOW, Filled, filled
from transfer_service.adapters.database.cursors import encoded
from transfer_service.domain.packet import PacketState
from transfer_service.domain.waiting import Awaited
from transfer_service.ports import PacketsAsked
from transfer_service.usecases.overview import Overview

PAGE, FAR = 50, 1000
MOST_MS = 150
MARKS = ("<!-- overview -->\n", "<!-- end of overview -->")
LABELS = {
    "bare": "one row by its key",
    "board": "the dashboard",
    "first": "first page, newest first",
    "longest": "first page, longest waiting first",
    "kind": "first page of one kind of wait",
    "state": "first page of one state",
    "far": f"page {FAR:,} by cursor",
    "number": "search by record number",
    "officer": "the dashboard of the whole organization",
}


def main() -> None:
    """One table of all databases that are there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overview")
    parser.add_argument("--packets", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--url", help="of an empty database on PostgreSQL")
    parser.add_argument("--write", type=Path, help="the page whose table is replaced")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = of_databases(Path(folder), asked.url, asked.packets, asked.runs)
    table = "\n".join(rows(figures))
    print(table)
    if asked.write:
        said = f"Commit {commit()}; {os.cpu_count()} cores; {asked.packets:,} packets; medians of {asked.runs} rounds."
        replace_table(asked.write, f"{said}\n\n{table}", MARKS)


def of_databases(folder: Path, url: str | None, packets: int, runs: int) -> dict[str, dict[str, float]]:
    """The figures of each, by the heading of its column."""
    on_sqlite = filled(f"sqlite:///{folder}/transfer.db", folder, packets)
    figures = {
        "SQLite": measured(on_sqlite, runs, time.perf_counter),
        "SQLite, processor": measured(on_sqlite, runs, time.thread_time),
    }
    if url is not None:
        on_postgresql = filled(url, folder, packets)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")  # as autovacuum does in its own time
        figures["PostgreSQL"] = measured(on_postgresql, runs, time.perf_counter)
    return figures


def rows(figures: dict[str, dict[str, float]]) -> Iterator[str]:
    """The table in Markdown: milliseconds, and how many times the bare look-up."""
    yield "| question | " + " | ".join(f"{name}, ms | ÷ bare" for name in figures) + " | reach, ms |"
    yield "|---|" + "---|---|" * len(figures) + "---|"
    for name, label in LABELS.items():
        each = [f"{of[name]:.1f} | {of[name] / of['bare']:.0f}" for of in figures.values()]
        yield f"| {label} | {' | '.join(each)} | {'' if name == 'bare' else f'< {MOST_MS}'} |"


def measured(filled: Filled, runs: int, clock: Callable[[], float]) -> dict[str, float]:
    """Milliseconds of each question by that clock: the median of ``runs`` rounds, after one that is not counted."""
    questions = asked_of(filled)
    took: dict[str, list[float]] = {name: [] for name in questions}
    for number in range(runs + 1):
        for name, ask in questions.items():
            began = clock()
            ask()
            if number:
                took[name].append((clock() - began) * 1000)
    return {name: median(each) for name, each in took.items()}


def asked_of(filled: Filled) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    overview, who, now = Overview(filled.database), filled.coordinator, NOW
    cursor = far_cursor(filled)

    def page(cursor: str | None = None, **asked: Any) -> object:  # noqa: ANN401 - of PacketsAsked
        return overview.packets(who, PacketsAsked(**asked), now, limit=PAGE, cursor=cursor)

    def bare() -> object:
        with filled.database.reading() as tx:
            return tx.organization(who.organization_id)

    return {
        "bare": bare,
        "board": lambda: overview.board(who, now),
        "first": page,
        "longest": lambda: page(longest_first=True),
        "kind": lambda: page(awaited=Awaited.LINK),
        "state": lambda: page(state=PacketState.CLOSING),
        "far": lambda: page(cursor),
        "number": lambda: overview.numbered(who, "MRN-77", now),
        "officer": lambda: overview.board(filled.officer, now),
    }


def far_cursor(filled: Filled) -> str | None:
    """Of the page before the FARth, made as the list makes it: to walk there would open some ten thousand cases."""
    shown = PAGE * (FAR - 1)
    return encoded("waits newest", filled.listed[-shown]) if shown < len(filled.listed) else None


if __name__ == "__main__":
    main()
