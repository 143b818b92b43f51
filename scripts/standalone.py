"""A `transfer-service standalone` of one's own: started, asked to do what operators do, its mail read, stopped."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, BinaryIO

from scripts.http_client import Service

COMMAND = Path(sys.executable).with_name("transfer-service")
START_S = 120
MAIL_S = 60
STOP_S = 90


class NotStarted(Exception):
    """The service could not be started; the message says why."""


class Standalone:
    """A service that runs on this machine, with its data in one folder."""

    def __init__(self, data: Path, base_url: str) -> None:
        self.data, self.service = data, Service(base_url)
        self._read: set[Path] = set((data / "outbox").glob("*.eml"))

    def operator(self, *words: str) -> Any:  # noqa: ANN401 - JSON is what the command prints
        """What `transfer-service WORDS --json` prints."""
        command = [str(COMMAND), *words, "--data", str(self.data), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise RuntimeError(f"transfer-service {' '.join(words)} failed: {done.stderr.strip() or done.stdout}")
        return json.loads(done.stdout)

    def await_mail(self, to: str, pattern: str) -> str:
        """What `pattern` captures in the next new mail to that address, which the worker drops in the outbox folder."""
        give_up_at = time.monotonic() + MAIL_S
        while time.monotonic() < give_up_at:
            for path in sorted(set((self.data / "outbox").glob("*.eml")) - self._read):
                mail = message_from_bytes(path.read_bytes(), policy=policy.default)
                if to in str(mail["To"]) and (found := re.search(pattern, text_of(mail))):
                    self._read.add(path)
                    return found[1]
            time.sleep(0.1)
        raise RuntimeError(f"No mail to {to} came in {MAIL_S} s")


def text_of(mail: EmailMessage) -> str:
    """The words of a mail."""
    body = mail.get_body(("plain",))
    return body.get_content() if body else ""


@contextmanager
def started(data: Path, port: int) -> Iterator[Standalone]:
    """Start the service on a folder, new or used before; stop it at the end, whatever happens."""
    log = log_of(data)
    command = [str(COMMAND), "standalone", "--data", str(data), "--port", str(port)]
    with opened(log) as output:
        before = output.tell()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)  # noqa: S603
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        yield Standalone(data, await_listening(process, log, before))
    finally:
        if process.poll() is None:
            print("\nStopping the service ...", flush=True)
        process.terminate()
        process.wait(STOP_S)


def opened(log: Path) -> BinaryIO:
    """The log, at its end: another start on the same folder may be writing to it."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("ab")
    except OSError as error:
        raise NotStarted(f"{log} can't be written: {error.strerror}. Choose another folder with --data.") from None


def log_of(data: Path) -> Path:
    """Where the service's own words go: beside its folder."""
    return data.with_name(f"{data.name}.log")


def await_listening(process: subprocess.Popen[bytes], log: Path, before: int) -> str:
    """The base URL, from the one line that the service prints when it is ready, `before` bytes into its log."""
    give_up_at = time.monotonic() + START_S
    while True:
        ended = process.poll() is not None or time.monotonic() > give_up_at
        said = log.read_bytes()[before:].decode(errors="replace")
        if found := re.search(r"^listening on (http://\S+)$", said, re.MULTILINE):
            return found[1]
        if ended:
            lines = said.strip().splitlines()
            why = lines[-1].removeprefix("Error: ") if lines else "It said nothing."
            raise NotStarted(f"The service did not start. {why}")
        time.sleep(0.1)


def free_port(wanted: int) -> int:
    """The port that is wanted, or where it is taken any other."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("No port is free on 127.0.0.1")
