"""Joining the edge to a Flask app."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask

from transfer_service.edge.peer import register_trusted_proxies
from transfer_service.edge.problems import register_problems
from transfer_service.edge.request_gate import register_request_gate
from transfer_service.edge.request_log import register_request_log
from transfer_service.edge.response_headers import register_response_headers


def register_edge(
    app: Flask, *, public_url: str, more_hosts: Iterable[str] = (), trusted_proxies: Iterable[str] = ()
) -> None:
    """Give ``app`` the gate, the headers, the problems and the log.

    Call it once, after flask-smorest's ``Api(app)`` (which registers an error handler of its own).
    ``public_url`` is the service's own address; its netloc and ``more_hosts`` are the hosts it answers under.
    ``trusted_proxies`` are the addresses whose X-Forwarded-For is believed.
    """
    address = urlsplit(public_url)
    register_request_gate(app, allowed_hosts=(address.netloc, *more_hosts))
    register_problems(app)
    register_response_headers(app, https=address.scheme == "https")
    register_request_log(app)
    register_trusted_proxies(app, trusted_proxies)
