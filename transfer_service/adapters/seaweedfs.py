"""How to run SeaweedFS, the object store that comes with the service, for one machine.

A description and no more: whoever starts processes starts this one, and ``S3ObjectStore.check`` says
when it is ready. ``weed mini`` is one process of several servers; each
listens on the loopback address alone. Its HTTP side doors to the same data (filer, volumes) take only
requests signed with keys that live as long as the description.
"""

import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from transfer_service.errors import InstallationDamaged

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535

_INNER = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
    "admin.port",
    "admin.port.grpc",
)


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def _is_port(number: object) -> bool:
    return type(number) is int and 0 < number <= HIGHEST_PORT


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger don't count
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _new_secret() -> str:
    return secrets.token_hex(32)


@dataclass(frozen=True)
class SeaweedFS:
    """One SeaweedFS over one data directory.

    Start it with ``cwd`` in ``data_dir``, where it makes two sockets (their paths may not be long), and only
    after ``write_identities``. A restart may use the same description, or a new one over the same directory.
    """

    data_dir: Path
    s3_port: int
    access_key_id: str
    secret_access_key: str = field(repr=False)
    inner_key: str = field(default_factory=_new_secret, repr=False)

    @property
    def endpoint_url(self) -> str:
        """Where its S3 API answers."""
        return f"http://{LOOPBACK}:{self.s3_port}"

    @property
    def identities(self) -> Path:
        """The file with the one identity that may use it."""
        return self.data_dir / "s3.json"

    @cached_property
    def inner_ports(self) -> dict[str, int]:
        """The ports of its other servers, by option.

        The directory remembers them, since the master names its state after its port; where one of them
        was taken meanwhile all are chosen anew, which neither data nor running uploads depend on.
        """
        ports = self._remembered()
        if not ports or not all(map(_is_free, ports.values())):
            ports = dict(zip(_INNER, free_ports(len(_INNER)), strict=True))
            _replace(self._memory, ports)
        return ports

    def write_identities(self) -> None:
        """Make the data directory, mode 0700, and the identities file, mode 0600, replacing an earlier one."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        credentials = [{"accessKey": self.access_key_id, "secretKey": self.secret_access_key}]
        identity = {"name": "transfer-service", "credentials": credentials, "actions": ["Admin"]}
        _replace(self.identities, {"identities": [identity]})

    def command(self) -> list[str]:
        """The command line; no secret is on it. ``InstallationDamaged`` where ``weed`` is not installed."""
        return [
            _weed(),
            "-logtostderr=true",
            "mini",
            f"-dir={self.data_dir}",
            f"-ip={LOOPBACK}",
            f"-ip.bind={LOOPBACK}",
            f"-s3.config={self.identities}",
            f"-s3.port={self.s3_port}",
            *(f"-{name}={port}" for name, port in self.inner_ports.items()),
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.iam=false",  # identities come from the file alone
            "-s3.autoCreateBucket=false",  # a mistyped bucket is an error
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.localSocket=s3.sock",
            "-filer.localSocket=filer.sock",
            "-admin.ui=false",
            "-webdav=false",
            "-disableHttp",  # its master would sign for whoever asks, and delete collections
            "-master.telemetry=false",  # on unless told otherwise
        ]

    def environment(self) -> dict[str, str]:
        """All of its environment: bounds for its memory, a home of its own, the keys of its side doors."""
        return {
            "HOME": str(self.data_dir),  # it would read settings of the user's from there
            "TMPDIR": str(self.data_dir),
            "GOMEMLIMIT": "384MiB",
            "GOGC": "50",
            "WEED_JWT_SIGNING_KEY": self.inner_key,
            "WEED_JWT_FILER_SIGNING_KEY": self.inner_key,
            "WEED_JWT_FILER_SIGNING_READ_KEY": self.inner_key,
        }

    def remove_sockets(self) -> None:
        """Remove the sockets that it leaves in /tmp (no option moves them). Call it once it has ended."""
        for name, port in self._remembered().items():
            server, _, is_grpc = name.partition(".port")
            if is_grpc:
                Path(f"/tmp/seaweedfs-{server}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108  # weed's own path

    @property
    def _memory(self) -> Path:
        return self.data_dir / "inner-ports.json"

    def _remembered(self) -> dict[str, int]:
        """The ports of last time; none where the file is not whole: a power cut may have been faster."""
        try:
            ports = json.loads(self._memory.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        is_whole = isinstance(ports, dict) and set(ports) == set(_INNER) and all(map(_is_port, ports.values()))
        return ports if is_whole else {}


def _replace(path: Path, content: Mapping[str, object]) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    fresh.replace(path)


def _weed() -> str:
    beside = shutil.which("weed", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("weed")
    if not found:
        raise InstallationDamaged("SeaweedFS is not installed: there is no executable named weed.")
    return found
