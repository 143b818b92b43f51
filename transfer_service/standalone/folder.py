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
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transfer_service.adapters.keyring import LocalKeyring
from transfer_service.adapters.seaweedfs import free_ports
from transfer_service.errors import InstallationDamaged, SettingsInvalid

SETTINGS, KEYRING, DATABASE = "settings.toml", "keyring.json", "transfer-service.sqlite3"

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
        self._make()
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+") as lock:  # closing it, or dying, gives the lock back
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                other = lock.read().strip() or "unknown"
                raise SettingsInvalid(
                    f"Process {other} runs on {self.path} already: stop it first, or choose another folder with --data."
                ) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    def prepare(self, port: int) -> None:
        """Make what the first start makes, and check what is there. SettingsInvalid, InstallationDamaged."""
        self._prepare_keyring()
        if not (self.path / SETTINGS).exists():
            self._write_settings(port)

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if any(self.path.iterdir()) and not (self.path / "lock").exists():
                raise SettingsInvalid(f"{self.path} holds other things: choose an empty folder with --data.")
            self.path.chmod(0o700)
            (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise SettingsInvalid(f"The data folder {self.path} can't be used: {error.strerror}.") from None

    def _prepare_keyring(self) -> None:
        keyring = self.path / KEYRING
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
