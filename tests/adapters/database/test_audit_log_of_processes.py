"""Web server and worker append to the same log (L13): several processes at once, one chain."""

import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.adapters.database.conftest import Tenant
from tests.databases import Kept
from tests.standalone_process import ROOT, told_within
from transfer_service.adapters.database import SqlDatabase
from transfer_service.audit.chain import verify
from transfer_service.audit.entry import GENESIS

PROCESSES = 4
WITHIN_S = 1800


@pytest.mark.parametrize("each", [300, pytest.param(10_000, marks=pytest.mark.long)])
def test_processes_that_append_at_once_leave_no_gap_and_no_fork(
    database: SqlDatabase, own_database: Kept, tmp_path: Path, tenant: Tenant, each: int
) -> None:
    append_at_once(own_database.url, tmp_path / "keyring.json", tenant, each)
    with database.reading() as work:
        head, before = work.audit_head(tenant.id), 2
        verify(head, work.audit_entries(tenant.id))
        entries = list(work.audit_entries(tenant.id))
    assert [entry.seq for entry in entries] == list(range(1, before + PROCESSES * each + 1))
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert (head.size, head.hash) == (len(entries), entries[-1].hash)
    counted = defaultdict(list)
    for entry in entries[before:]:
        counted[entry.facts["process"]].append(entry.facts["number"])
    assert counted == {name: list(range(each)) for name in map(str, range(PROCESSES))}
    turns = sum(one.facts["process"] != next_.facts["process"] for one, next_ in pairwise(entries[before:]))
    assert turns >= PROCESSES, "they did not append at once, but one after the other"


def append_at_once(url: str, keyring: Path, tenant: Tenant, each: int) -> None:
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.adapters.database.append_entries",
                     url, str(keyring), str(tenant.id), str(name), str(each)],
                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )
            for name in range(PROCESSES)
        ]  # fmt: skip
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert told_within(process, WITHIN_S) == ""
            assert process.returncode == 0
