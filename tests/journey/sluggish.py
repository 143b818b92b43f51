"""Clients that send a byte a second (B08), all through whatever else is tried."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

from tests.edge.anywhere import Answer, is_answered, read_answer
from tests.journey.hospital import API, Caller, File
from tests.journey.quiet import Quiet

SLUGGISH = ("a head", "a small body", "a part", "a JSON body")
SIZE = 200_000


@contextmanager
def sluggish_clients(quiet: Quiet) -> Iterator[dict[str, "Future[Answer]"]]:
    """One of each kind; what each of them is told in the end."""
    staff = quiet.coordinator
    small, large = quiet.open.plan(bytes(1000), "slides/slow.svs"), quiet.open.plan(bytes(SIZE), "slides/slower.svs")
    quiet.before = quiet.state()
    head = staff.raw("GET", f"{API}{quiet.open.url}")
    form = staff.raw("POST", f"{API}/packets", "Content-Type: application/json", body=b'{"x": "' + b"x" * 1000 + b'"}')
    cases = [(head, 20), (sent_part(small), -900), (sent_part(large), 10 - SIZE), (form, -900)]
    with ThreadPoolExecutor(len(cases)) as threads:
        yield {name: threads.submit(_trickled, staff, *case) for name, case in zip(SLUGGISH, cases, strict=True)}


def sent_part(file: File) -> bytes:
    """The whole request that sends a file of one part."""
    return file.caller.raw("PUT", f"{API}{file.url}/parts/1", body=file.data)


def _trickled(staff: Caller, request: bytes, at_once: int) -> Answer:
    """The answer to a request whose beginning comes at once, and a byte a second after that."""
    with staff.connected() as connection:
        connection.sendall(request[:at_once])
        for byte in request[at_once:]:
            if is_answered(connection, 1):
                break
            with suppress(OSError):
                connection.sendall(bytes([byte]))
        return read_answer(connection)
