"""The data folder of a standalone installation, mode 0700: everything it has, in one place.

settings.toml               its settings, with the object store's credentials; mode 0600
keyring.json                the keys that wrap all others; mode 0600
transfer-service.sqlite3    the records
seaweedfs/                  the sealed objects
outbox/                     mail, where no mail server is set
logs/                       one file a process
lock                        held while it runs; names the process
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer_service.adapters.keyring import LocalKeyring, remove_unfinished
from transfer_service.adapters.seaweedfs import free_ports
from transfer_service.errors import InstallationDamaged, SettingsInvalid

SETTINGS, KEYRING, DATABASE = "settings.toml", "keyring.json", "transfer-service.sqlite3"
_PID_BYTES = 32
_OURS = re.compile(  # what is put back from a backup may be without its lock
    r"logs|seaweedfs|outbox|settings\.toml(\.new)?|keyring\.json(\.[0-9a-f]{16}\.new)?"
    r"|transfer-service\.sqlite3(-journal|-shm|-wal)?"
)

_FIRST_SETTINGS = """\
# The settings of this installation. All others have their defaults: config/standalone.toml lists every one.
# Environment variables TRANSFER_SERVICE_<NAME> override what stands here.
bind = "127.0.0.1:{port}"
s3_endpoint_url = "http://127.0.0.1:{s3_port}"
s3_access_key_id = "{access_key_id}"
s3_secret_access_key = "{secret_access_key}"
"""


class DataFolder:
    """A data folder at an absolute ``path``; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    @property
    def store(self) -> Path:
        """SeaweedFS's own folder."""
        return self.path / "seaweedfs"

    def log(self, name: str) -> Path:
        """That process's log."""
        return self.path / "logs" / f"{name}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one supervisor of this folder, which is made if need be. SettingsInvalid while another is."""
        with self._usable():
            lock = self._opened_lock()
        try:
            with self._usable():
                self._take(lock)
                (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
            yield
        finally:
            os.close(lock)  # which gives the lock back, as dying does

    def prepare(self, port: int) -> None:
        """Make the settings at the first start. SettingsInvalid."""
        with self._usable():
            if not (self.path / SETTINGS).exists():
                self._write_settings(port)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SettingsInvalid(f"The data folder {self.path} can't be used: {error.strerror}.") from None

    def _opened_lock(self) -> int:
        """The lock, the first thing in a new folder: what has one is ours, whatever stopped its first start."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.path / "lock").exists() and not all(_OURS.fullmatch(each.name) for each in self.path.iterdir()):
            raise SettingsInvalid(f"{self.path} holds other things: choose an empty folder with --data.")
        self.path.chmod(0o700)
        return os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(lock, _PID_BYTES).decode().strip() or "unknown"
            raise SettingsInvalid(
                f"Process {other} runs on {self.path} already: stop it first, or choose another folder with --data."
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())

    def prepare_keyring(self) -> None:
        """Make the keyring file at the first start, or check it. SettingsInvalid, InstallationDamaged."""
        with self._usable():
            self._prepare_keyring()

    def _prepare_keyring(self) -> None:
        keyring = self.path / KEYRING
        remove_unfinished(keyring)
        if keyring.is_symlink() or keyring.exists():
            LocalKeyring(keyring)
        elif (self.path / DATABASE).exists():
            raise InstallationDamaged(
                f"{keyring} is missing, and nothing in {self.path} opens without it. Put it back from its backup."
            )
        else:
            LocalKeyring.create(keyring)

    def _write_settings(self, port: int) -> None:
        text = _FIRST_SETTINGS.format(
            port=port,
            s3_port=free_ports(1)[0],
            access_key_id=secrets.token_hex(10),
            secret_access_key=secrets.token_hex(32),
        )
        fresh = self.path / (SETTINGS + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self.path / SETTINGS)
