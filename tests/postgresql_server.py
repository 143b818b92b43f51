"""A real PostgreSQL on loopback, made and started for the tests: Debian's binaries, a folder and a port of its own."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from transfer_service.adapters.seaweedfs import free_ports

ROLE = "transfer_service"
READY_WITHIN_S = 60
#: Whoever runs the tests as root needs another for PostgreSQL, which refuses to be.
UNPRIVILEGED = ("postgres", "nobody")
#: What a crash of the machine would lose is of no interest here.
HASTE = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=300", "log_min_messages=panic")


def binaries() -> Path | None:
    """The folder of the newest server's programs, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@dataclass
class PostgresqlServer:
    """One server over a folder of its own. The role owns databases and is nobody special; its password is scram's."""

    programs: Path
    folder: Path
    port: int
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    process: "subprocess.Popen[bytes] | None" = None

    def make(self) -> None:
        """The cluster and the role."""
        (self.folder / "socket").mkdir()
        if os.geteuid() == 0:
            user = _unprivileged()
            for path in (self.folder, self.folder / "socket"):
                os.chown(path, user.pw_uid, user.pw_gid)
        words = ("--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        words += ("--auth-local=trust", "--auth-host=scram-sha-256")
        self._run("initdb", "--pgdata", str(self.folder / "data"), *words)

    def start(self, *settings: str) -> None:
        """Start it, and wait until it answers."""
        options = [word for setting in (*HASTE, *settings) for word in ("-c", setting)]
        where = ["-D", str(self.folder / "data"), "-k", str(self.folder / "socket"), "-p", str(self.port)]
        command = [*_as_nobody(), str(self.programs / "postgres"), *where, "-h", "127.0.0.1", *options]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                return self.admin("postgres").close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail((self.folder / "log").read_text())
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Break every connection off and stop, in the "fast" way unless told otherwise."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(READY_WITHIN_S)
        self.process = None

    def admin(self, database: str) -> "psycopg.Connection[Any]":
        """The superuser's connection, which no row security concerns."""
        where = {"host": str(self.folder / "socket"), "port": self.port, "user": "postgres", "dbname": database}
        return psycopg.connect(**where, autocommit=True)

    def execute(self, statement: str) -> None:
        """As the superuser, outside of any of the tests' databases."""
        with self.admin("postgres") as connection:
            connection.execute(statement)

    def url(self, database: str, *, user: str = ROLE, password: str | None = None) -> str:
        """For the service."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def _run(self, program: str, *words: str) -> None:
        command = [*_as_nobody(), str(self.programs / program), *words]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@contextmanager
def running_postgresql(programs: Path) -> Iterator[PostgresqlServer]:
    """A new server with the role in it; gone afterwards with all it held."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has at most some hundred characters
    server = PostgresqlServer(programs, folder, free_ports(1)[0])
    try:
        server.make()
        server.start()
        server.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{server.password}'")
        yield server
    finally:
        if server.process is not None:
            server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def _unprivileged() -> pwd.struct_passwd:
    known = {each.pw_name: each for each in pwd.getpwall()}
    return next(known[name] for name in UNPRIVILEGED if name in known)


def _as_nobody() -> list[str]:
    """What makes a command run as somebody unprivileged, and die with the tests."""
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "QUIT"]
    user = _unprivileged()
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig", "QUIT"]
