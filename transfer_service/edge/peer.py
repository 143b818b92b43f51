"""From where a request comes: the peer that connected, or what a proxy that is trusted says of its own peer."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

_TRUSTED = "transfer_service.trusted_proxies"


def register_trusted_proxies(app: Flask, addresses: Iterable[str]) -> None:
    """Believe the last element of X-Forwarded-For where one of ``addresses`` sends it; from nobody else."""
    app.wsgi_app = _trusting(app.wsgi_app, frozenset(addresses))  # type: ignore[method-assign]  # Flask's own way


def client_address(environ: dict[str, Any]) -> str:
    """The client's IP address, or "-" where there is none.

    The last element is the one that the proxy itself wrote; those before it are what its peer claimed. What is no
    address counts for nothing.
    """
    peer = environ.get("REMOTE_ADDR") or "-"
    if peer not in environ.get(_TRUSTED, ()):
        return peer
    said = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return peer


def _trusting(wsgi_app: Callable[..., Any], addresses: frozenset[str]) -> Callable[..., Any]:
    def trusting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401  # WSGI's own
        environ[_TRUSTED] = addresses
        return wsgi_app(environ, start_response)

    return trusting
