"""Starting the web server: gunicorn, with the worker that holds no thread for a silent client.

Only this module, the worker and its raw answers know gunicorn.
"""

import os
import resource
from collections.abc import Callable, Sequence
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn ships no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # as above

from transfer_service.edge.gateway_worker import GatewayWorker, Patience
from transfer_service.edge.metrics import forget_process
from transfer_service.edge.request_head import REQUEST_LINE_BYTES
from transfer_service.logs import JsonFormatter

MOST_HEADERS = 100
MOST_CONNECTIONS = 2000
#: Files that connections leave to the database, the store and the logs.
KEPT_DESCRIPTORS = 200


def serve(
    app_factory: Callable[[], object],
    *,
    bind: Sequence[str],
    threads: int = 16,
    workers: int = 1,
    stop_within_s: int = 30,
    patience: Patience | None = None,
    on_listening: Callable[[list[str]], None] | None = None,
) -> None:
    """Serve what ``app_factory`` makes (once in each worker process) until SIGTERM; ends the process.

    ``bind``: ``host:port``; port 0 lets the system choose. ``on_listening`` gets the addresses as
    ``http://host:port`` once the sockets listen; what comes before a worker is up waits. On SIGTERM running
    requests have ``stop_within_s``.
    """
    settings = {
        **_SETTINGS,
        "bind": list(bind),
        "threads": threads,
        "workers": workers,
        "worker_connections": connections_within_limit(),
        "graceful_timeout": stop_within_s,
        "child_exit": lambda _server, worker: forget_process(worker.pid),
    }
    if on_listening is not None:
        settings["when_ready"] = lambda server: on_listening(_addresses(server))
    _GatewayServer(app_factory, settings, patience or Patience()).run()


def connections_within_limit() -> int:
    """How many connections a worker may hold: as many as the limit of open files permits, once that is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + KEPT_DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_CONNECTIONS
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return max(raised - KEPT_DESCRIPTORS, raised // 2)


class _JsonLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's own log, through our formatter. Its access log is off: it names paths."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonFormatter())

    def access(self, *_: object) -> None:
        """Write nothing: request_log does."""


_SETTINGS: dict[str, Any] = {
    "worker_class": GatewayWorker,
    "logger_class": _JsonLogger,
    "keepalive": 15,
    "timeout": 60,
    "limit_request_line": REQUEST_LINE_BYTES,
    "limit_request_fields": MOST_HEADERS,
    "limit_request_field_size": 8190,
    # Nobody in front is believed: neither addresses, nor schemes, nor PROXY lines.
    "forwarded_allow_ips": "",
    "proxy_allow_ips": "",
    "secure_scheme_headers": {},
    "forwarder_headers": "",
    "header_map": "drop",
    "http_parser": "python",
    "sendfile": False,
    "accesslog": None,
    "errorlog": "-",
    # No socket in the file system by which others of this machine could steer the server.
    "control_socket_disable": True,
}


class _GatewayServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    def __init__(self, app_factory: Callable[[], object], settings: dict[str, Any], patience: Patience) -> None:
        self._app_factory, self._settings, self.patience = app_factory, settings, patience
        super().__init__()

    def load_config(self) -> None:
        os.environ.pop("SCRIPT_NAME", None)  # gunicorn would cut it off every path
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> object:
        return self._app_factory()


def _addresses(server: Any) -> list[str]:  # noqa: ANN401 - gunicorn's Arbiter, which has no types
    names = [listener.sock.getsockname() for listener in server.LISTENERS]
    return [f"http://{name[0]}:{name[1]}" for name in names if isinstance(name, tuple)]
