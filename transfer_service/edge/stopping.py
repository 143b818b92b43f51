"""How a request learns that its server is stopping: it may go on, but whoever asks should send no more."""

from collections.abc import Callable, Iterable
from typing import Any

_IS_STOPPING = "transfer_service.is_stopping"


def told_of_the_end(
    is_stopping: Callable[[], bool], app: Callable[..., Iterable[bytes]], environ: dict[str, Any], start: object
) -> Iterable[bytes]:
    """Call the WSGI application, and let it ask ``is_stopping``."""
    environ[_IS_STOPPING] = is_stopping
    return app(environ, start)


def is_stopping(environ: dict[str, Any]) -> bool:
    """Whether the server of that request is stopping."""
    return _IS_STOPPING in environ and bool(environ[_IS_STOPPING]())
