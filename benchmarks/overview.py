"""How long the overview of many packets takes: dashboard, lists, a page far down, a search; beside one bare look-up.

python -m benchmarks.overview [--packets N] [--runs N] [--write docs/benchmarks.md]

Packets of every kind of wait, in equal parts, of two departments, are written by the service's own transactions; then
each question is asked by the use case, with the cases of its page opened. On SQLite, and on PostgreSQL where it is
installed. Milliseconds of the clock, and of the processor on SQLite, which works in the asking thread: on a machine
that other work keeps busy, only the latter hold.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import psycopg

from benchmarks.conditions import commit, replace_table
from tests import factories as a
from tests.postgresql_server import ROLE, binaries, running_postgresql
from transfer_service.adapters.database import SqlDatabase, migrate
from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.audit.entry import Event
from transfer_service.domain.packet import FileState, Packet, PacketState
from transfer_service.domain.people import Role, StaffActor, SystemActor
from transfer_service.domain.release import ReleaseState
from transfer_service.domain.waiting import Awaited
from transfer_service.ports import PacketsAsked
from transfer_service.usecases.enrol import Enrol
from transfer_service.usecases.overview import Overview

AT_ONCE, PAGE, FAR = 500, 50, 1000
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


@dataclass(frozen=True)
class Filled:
    """A database with its packets, and who asks."""

    database: SqlDatabase
    overview: Overview
    coordinator: StaffActor
    officer: StaffActor
    packet_ids: list[UUID]
    now: datetime


def main() -> None:
    """One table of all databases that are here."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overview")
    parser.add_argument("--packets", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--write", type=Path, help="the page whose table is replaced")
    asked = parser.parse_args()
    figures = {}
    for name, database in databases():
        with database as url:
            made = filled(url, asked.packets)
            figures[name] = measured(made, asked.runs, time.perf_counter)
            if url.startswith("sqlite"):
                figures[f"{name}, processor"] = measured(made, asked.runs, time.thread_time)
            made.database.dispose()
    table = "\n".join(rows(figures))
    print(table)
    if asked.write:
        said = f"Commit {commit()}; {os.cpu_count()} cores; {asked.packets:,} packets; medians of {asked.runs} rounds."
        replace_table(asked.write, f"{said}\n\n{table}", MARKS)


def databases() -> Iterator[tuple[str, Any]]:
    """Each kind that is here, as something to be entered for its URL."""
    yield "SQLite", _sqlite()
    if binaries() is not None:
        yield "PostgreSQL", _postgresql()


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
    overview, who, now = filled.overview, filled.coordinator, filled.now
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
    """Of the page before the FARth."""
    cursor, left = None, PAGE * (FAR - 1)
    while left:
        some = min(left, AT_ONCE)
        found = filled.overview.packets(filled.coordinator, PacketsAsked(), filled.now, limit=some, cursor=cursor)
        cursor, left = found.lines.next_cursor, left - some if found.lines.next_cursor else 0
    return cursor


def filled(url: str, packets: int) -> Filled:
    """So many packets, spread over a year."""
    folder = Path(tempfile.mkdtemp())
    keyring = LocalKeyring.create(folder / "keyring.json")
    migrate(url)
    database = SqlDatabase(url, keyring)
    enrol = Enrol(database, keyring)
    hospital = enrol.create_organization("St. Agatha", a.NOW)
    pathology, radiology = (enrol.create_department(hospital.id, name, "+1", a.NOW) for name in ("P", "R"))
    recipient = a.a_recipient(organization_id=hospital.id)
    worker = SystemActor(hospital.id, "worker")
    with database.changing() as tx:
        tx.save(Event("recipient.added", worker, a.NOW, {}), recipient)
    made: list[UUID] = []
    for start in range(0, packets, AT_ONCE):
        things: dict[type, list[Any]] = {}
        for number in range(start, min(packets, start + AT_ONCE)):
            of = radiology if number % 10 == 0 else pathology
            for thing in _case(number, hospital.id, of.id, recipient.id, packets):
                things.setdefault(type(thing), []).append(thing)
        with database.changing() as tx:
            tx.save(Event("packet.opened", worker, a.NOW, {}), *(thing for alike in things.values() for thing in alike))
        made += [packet.id for packet in things[Packet]]
    who = StaffActor(hospital.id, pathology.id, uuid4(), uuid4(), Role.COORDINATOR)
    officer = StaffActor(hospital.id, pathology.id, uuid4(), uuid4(), Role.PRIVACY_OFFICER)
    _analyzed(url)
    return Filled(database, Overview(database), who, officer, made, a.NOW + 366 * a.DAY)


def _case(number: int, of: UUID, department_id: UUID, recipient_id: UUID, packets: int) -> Iterator[Any]:
    """A packet of one kind, with all that makes it so."""
    kind = [*Awaited][number % len(Awaited)]
    opened_at = a.NOW + timedelta(days=365 * number / packets)
    state = _STATES.get(kind, PacketState.CLOSED)
    case = a.a_case(accession_number=f"S26-{number}", patient=a.a_patient(record_number=f"MRN-{number // 3}"))
    packet = a.a_packet(
        organization_id=of,
        department_id=department_id,
        state=state,
        case=case,
        created_at=opened_at,
        written_at=opened_at,
        closed_at=opened_at if state is PacketState.CLOSED else None,
        retired_at=opened_at if state is PacketState.RETIRED else None,
    )
    its = {"organization_id": of, "packet_id": packet.id}
    yield packet
    if state is not PacketState.RETIRED and kind is not Awaited.FILES:
        yield a.a_file(
            **its,
            state=_FILES.get(kind, FileState.VERIFIED),
            completed_at=opened_at,
            carried_from=packet.id if kind is Awaited.CARRYING else None,
        )
    if kind in _RELEASES:
        lives_until = a.NOW + 900 * a.DAY
        release = a.a_release(
            **its,
            state=_RELEASES[kind],
            grants=(a.a_grant(recipient_id=recipient_id),),
            requested_at=opened_at,
            signed_at=opened_at,
            expires_at=lives_until,
        )
        yield release
        if kind not in {Awaited.SIGNATURE, Awaited.CONFIRMATION, Awaited.LINK}:
            link = a.a_link(
                **its,
                release_id=release.id,
                recipient_id=recipient_id,
                issued_at=opened_at,
                expires_at=lives_until - a.DAY,
                redemptions=int(kind is not Awaited.REDEMPTION),
            )
            yield link
            if kind is not Awaited.REDEMPTION:
                yield a.a_redemption(organization_id=of, link_id=link.id, redeemed_at=opened_at)
            if kind in {Awaited.SHARING, Awaited.NOTHING}:
                yield from _opinion(packet, release.id, recipient_id, opened_at, shared=kind is Awaited.NOTHING)


def _opinion(packet: Packet, release_id: UUID, recipient_id: UUID, at: datetime, *, shared: bool) -> Iterator[Any]:
    yield a.a_sent_opinion(
        id=packet.id,
        organization_id=packet.organization_id,
        packet_id=packet.id,
        release_id=release_id,
        recipient_id=recipient_id,
        sent_at=at,
        shared_at=at if shared else None,
    )


_STATES = {
    Awaited.REJECTED_FILE: PacketState.OPEN,
    Awaited.FILES: PacketState.OPEN,
    Awaited.CARRYING: PacketState.OPEN,
    Awaited.VERIFICATION: PacketState.CLOSING,
    Awaited.CLOSE: PacketState.OPEN,
    Awaited.ENDED: PacketState.RETIRED,
}
_FILES = {
    Awaited.REJECTED_FILE: FileState.REJECTED,
    Awaited.CARRYING: FileState.RECEIVING,
    Awaited.VERIFICATION: FileState.VERIFYING,
}
_RELEASES = {
    Awaited.CONFIRMATION: ReleaseState.AWAITING_CONFIRMATION,
    Awaited.SIGNATURE: ReleaseState.REQUESTED,
    **dict.fromkeys(
        (Awaited.LINK, Awaited.REDEMPTION, Awaited.OPINION, Awaited.SHARING, Awaited.NOTHING), ReleaseState.SIGNED
    ),
}


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/transfer.db"


@contextmanager
def _postgresql() -> Iterator[str]:
    programs = binaries()
    assert programs is not None  # noqa: S101 - it was asked before
    with running_postgresql(programs) as server:
        server.execute(f"CREATE DATABASE measured OWNER {ROLE}")
        yield server.url("measured")


def _analyzed(url: str) -> None:
    """What autovacuum does of itself, which the server of the tests has not."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    main()
