"""An application's answer in writes of at most 1 MiB, so that the timeout of a write is a pace."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

SEND_BYTES = 1024 * 1024


def in_small_writes(
    app: Callable[..., Iterable[bytes]], environ: dict[str, Any], start_response: object
) -> "_SmallWrites":
    """Call the WSGI application; its answer comes in pieces of at most SEND_BYTES."""
    return _SmallWrites(app(environ, start_response))


class _SmallWrites:
    def __init__(self, answer: Iterable[bytes]) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._answer:
            if len(piece) <= SEND_BYTES:
                yield piece
            else:
                yield from (piece[at : at + SEND_BYTES] for at in range(0, len(piece), SEND_BYTES))

    def close(self) -> None:
        if close := getattr(self._answer, "close", None):
            close()
