"""Clients on thin lines: half send a part, half read a file, each at some 100 KiB/s. Told 503, they come again.

    python -m benchmarks.slow_clients HOST:PORT CLIENTS FILE_PATH ACCESS_TOKEN PART_PATH DEPOSITOR_TOKEN PART_BYTES

Runs until it is stopped; says on standard output how often it was told to come again.
"""

import http.client
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

PIECE = 16 * 1024
PAUSE_S = PIECE / (100 * 1024)
counts: Counter[str] = Counter()


def main() -> None:
    """Run until SIGTERM."""
    address, clients, file_path, access_token, part_path, depositor_token, part_bytes = sys.argv[1:]
    reader = partial(reads, address, file_path, access_token)
    sender = partial(sends, address, part_path, depositor_token, int(part_bytes))
    for number in range(int(clients)):
        threading.Thread(target=forever, args=(reader if number % 2 else sender,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while True:
            time.sleep(1)
    finally:
        print(dict(counts), flush=True)


def forever(work: Callable[[], None]) -> None:
    """Do it again and again, whatever the service says."""
    while True:
        try:
            work()
        except OSError:
            counts["cut"] += 1
            time.sleep(1)
        except http.client.HTTPException:
            counts["cut"] += 1
            time.sleep(1)


def reads(address: str, path: str, token: str) -> None:
    """Download slowly."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    if came_again(answer):
        return
    for _ in range(600):
        if not answer.read(PIECE):
            break
        time.sleep(PAUSE_S)
    connection.close()


def sends(address: str, path: str, token: str, size: int) -> None:
    """Upload slowly."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.putrequest("PUT", f"/api/v1{path}")
    for name, value in (("Authorization", f"Bearer {token}"), ("Content-Length", str(size))):
        connection.putheader(name, value)
    connection.endheaders()
    time.sleep(0.2)
    with suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent; the answer is there
        for start in range(0, size, PIECE):
            connection.send(bytes(min(PIECE, size - start)))
            time.sleep(PAUSE_S)
    came_again(connection.getresponse())
    connection.close()


def came_again(answer: http.client.HTTPResponse) -> bool:
    """Whether there was no place; waits as long as the service says."""
    counts[str(answer.status)] += 1
    if answer.status != http.client.SERVICE_UNAVAILABLE:
        return False
    answer.read()
    time.sleep(float(answer.headers["Retry-After"]))
    return True


if __name__ == "__main__":
    main()
