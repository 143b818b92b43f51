"""Holds an organization's turn, in a process of its own, until it is sent a line.

    python -m tests.adapters.database.hold_turn URL ORGANIZATION

Says "held" once nobody else may change anything of the organization's.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring


def main() -> None:
    url, organization = sys.argv[1:]
    with TemporaryDirectory() as folder:
        database = SqlDatabase(url, LocalKeyring.create(Path(folder) / "keyring.json"))
    with database.changing() as work:  # which needs no key
        work.audit_head(UUID(organization))
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.readline()
    database.dispose()


if __name__ == "__main__":
    main()
