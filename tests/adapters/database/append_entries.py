"""Appends to an organization's log in a process of its own, called NAME.

    python -m tests.adapters.database.append_entries URL KEYRING ORGANIZATION NAME COUNT

Says "ready", waits for a line, and then appends COUNT entries, each in a transaction of its own.
"""

import sys
import time
from pathlib import Path
from uuid import UUID

from tests import factories as a
from transfer_service.adapters.database import SqlDatabase
from transfer_service.adapters.keyring import LocalKeyring


def main() -> None:
    url, keyring, organization, name, count = sys.argv[1:]
    database = SqlDatabase(url, LocalKeyring(Path(keyring)), busy_timeout_s=300)
    by = a.a_system_actor(organization_id=UUID(organization))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(int(count)):
        with database.changing() as work:
            work.save(a.an_event(by, "thing.counted", facts={"process": name, "number": number}))
        time.sleep(0.001)  # SQLite is not fair: whoever asks again at once gets the lock again
    database.dispose()


if __name__ == "__main__":
    main()
