"""The supervisor: SeaweedFS, then the schema and the bucket, then web server and worker; stopped in the reverse.

It stays in its one main thread, because to the kernel that thread is its children's parent (see `tether`).
"""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from transfer_service.adapters.seaweedfs import SeaweedFS, free_ports
from transfer_service.errors import InstallationDamaged, SettingsInvalid
from transfer_service.settings import KeyringKind, Settings, load_settings
from transfer_service.standalone.child import Child, Program
from transfer_service.standalone.folder import DataFolder

_log = logging.getLogger(__name__)

DEFAULT_PORT = 8080
POLL_S = 0.1
READY_WITHIN_S = 60.0
PORT_FREE_WITHIN_S = 5.0
MOST_DEATHS = 5
_PREFIX = "TRANSFER_SERVICE_"
_LOWER_ASSURANCE = (
    "The keys of this installation are in a file, keyring_path: whoever reads it and the other files here reads every "
    "packet. That is the lower assurance. Keep its backup apart from theirs; at scale use a key management service."
)


class _Stopped(Exception):
    """A signal came while it was starting."""


class Supervisor:
    """One installation, running. ``announce`` gets its address once it is ready."""

    def __init__(self, folder: DataFolder, settings: Settings, announce: Callable[[str], None]) -> None:
        self._folder, self._settings, self._announce = folder, settings, announce
        self._store = _store(folder, settings)
        self._stopping = threading.Event()
        web_s = settings.stop_within_s + 5
        self._weed = self._child("seaweedfs", self._weed_program, stop_within_s=20)
        self._migrate = self._child("migrate", self._ours("migrate", "--with-bucket"), stop_within_s=5)
        self._serve = self._child("serve", self._ours("serve"), stop_within_s=web_s)
        self._worker = self._child("worker", self._ours("worker"), stop_within_s=15)

    def stop(self, *_: object) -> None:
        """Stop everything soon; a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Start, announce, watch, until ``stop``. InstallationDamaged where it does not become ready."""
        try:
            self._start()
            self._announce(f"http://{self._settings.bind}")
            while not self._stopping.is_set():
                self._watch(self._weed, self._serve, self._worker)
        except _Stopped:
            pass
        finally:
            for child in (self._migrate, self._serve, self._worker, self._weed):
                child.stop()
            with suppress(OSError):  # litter in /tmp, which must not hide why it ends
                self._store.remove_sockets()

    def _start(self) -> None:
        _start_first(self._weed)
        _start_first(self._migrate)
        while (code := self._migrate.ended()) is None:
            self._watch(self._weed)
        if code != 0:
            raise InstallationDamaged(f"It could not be prepared: {_last_line(self._folder.log('migrate'))}")
        _start_first(self._serve)
        _start_first(self._worker)
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._is_ready():
            self._watch(self._weed, self._serve, self._worker)
            self._check_port()
            if time.monotonic() > deadline or max(self._serve.deaths, self._worker.deaths) > MOST_DEATHS:
                raise InstallationDamaged(f"It did not become ready. The logs in {self._folder.path / 'logs'} say why.")

    def _watch(self, *children: Child) -> None:
        self._stopping.wait(POLL_S)
        if self._stopping.is_set():
            raise _Stopped
        for child in children:
            child.look_after()

    def _check_port(self) -> None:
        """SettingsInvalid where something else took the port after it had been free."""
        if self._serve.deaths and self._serve.pid is None and not _is_free(*_host_and_port(self._settings.bind)):
            raise SettingsInvalid(_taken(self._settings.bind))

    def _is_ready(self) -> bool:
        """Whether our own web server answers: at that address it may be another installation's that does."""
        if not self._serve.has_said("listening on http://"):
            return False
        connection = HTTPConnection(*_host_and_port(self._settings.bind), timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": urlsplit(self._settings.address).netloc})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _child(self, name: str, program: Callable[[], Program], *, stop_within_s: float) -> Child:
        return Child(name, program, self._folder.log(name), stop_within_s=stop_within_s)

    def _ours(self, *arguments: str) -> Callable[[], Program]:
        command = [sys.executable, "-m", "transfer_service.cli", *arguments]
        return lambda: Program(command, self._environment(), self._folder.path)

    def _environment(self) -> dict[str, str]:
        ours = {
            "DATA": str(self._folder.path),
            "BIND": self._settings.bind,
            "S3_ENDPOINT_URL": self._store.endpoint_url,
        }
        kept = {name: value for name, value in os.environ.items() if name != _PREFIX + "CONFIG"}
        return kept | {_PREFIX + name: value for name, value in ours.items()}

    def _weed_program(self) -> Program:
        self._store = replace(self._store)  # looks anew which of its inner ports are free
        self._store.write_identities()
        return Program(self._store.command(), self._store.environment(), self._store.data_dir)


def run_standalone(data: Path, *, host: str | None, port: int | None, announce: Callable[[str], None]) -> None:
    """Run the installation in that folder until SIGTERM, SIGINT or SIGHUP. SettingsInvalid, InstallationDamaged.

    ``port`` 0 lets the system choose, None takes the one of before. ``announce`` gets the address, once it is ready.
    """
    os.umask(0o077)
    folder = DataFolder(data)
    with folder.locked():
        folder.prepare(port or DEFAULT_PORT)
        settings = _settings(folder, host, port)
        if settings.keyring is KeyringKind.LOCAL:
            folder.prepare_keyring()
            _log.warning(_LOWER_ASSURANCE)
        _await_free(settings.bind)
        supervisor = Supervisor(folder, settings, announce)
        with _on_signals(supervisor.stop):
            supervisor.run()


def _settings(folder: DataFolder, host: str | None, port: int | None) -> Settings:
    environment = {name: value for name, value in os.environ.items() if name != _PREFIX + "CONFIG"}
    environment[_PREFIX + "DATA"] = str(folder.path)
    bind = load_settings(environment).bind
    if host is not None or port is not None:
        old_host, _, old_port = bind.rpartition(":")
        chosen = free_ports(1)[0] if port == 0 else port or old_port
        environment[_PREFIX + "BIND"] = f"{host or old_host}:{chosen}"
    return load_settings(environment)


def _store(folder: DataFolder, settings: Settings) -> SeaweedFS:
    """The store at the port of before, or at another where something else has taken that."""
    port = urlsplit(settings.s3_endpoint_url or "").port
    if port is None or settings.s3_access_key_id is None or settings.s3_secret_access_key is None:
        raise SettingsInvalid("s3_endpoint_url, s3_access_key_id and s3_secret_access_key must be in settings.toml.")
    if not _is_free("127.0.0.1", port):
        port = free_ports(1)[0]
    return SeaweedFS(folder.store, port, settings.s3_access_key_id, settings.s3_secret_access_key.reveal())


def _await_free(bind: str) -> None:
    """Wait for what may still be dying there. SettingsInvalid where it goes on listening."""
    host, port = _host_and_port(bind)
    deadline = time.monotonic() + PORT_FREE_WITHIN_S
    while not _is_free(host, port):
        if time.monotonic() > deadline:
            raise SettingsInvalid(_taken(bind))
        time.sleep(POLL_S)


def _taken(bind: str) -> str:
    return f"Something else listens on {bind}: stop it, or choose another --port."


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger don't count
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _host_and_port(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)


def _start_first(child: Child) -> None:
    """InstallationDamaged where it can't be: nothing runs yet that could go on without it."""
    try:
        child.start()
    except OSError as error:
        raise InstallationDamaged(f"{child.name} can't be started: {error.strerror}.") from None


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it says nothing"


@contextmanager
def _on_signals(stop: Callable[..., None]) -> Iterator[None]:
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {each: signal.signal(each, stop) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
