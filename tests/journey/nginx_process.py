"""Debian's nginx with config/nginx.conf itself, before a running installation; only what is "# yours" is changed."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.missing import skip_or_fail
from tests.standalone_process import ROOT, eventually, listens

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
WRAPPED = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/logs/error.log;
{user}
events {{}}
http {{
{temporary}
    include {folder}/transfer-service.conf;
}}
"""


def nginx_program() -> str:
    """Where nginx is; without one the test is skipped loudly."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        skip_or_fail("There is no nginx: config/nginx.conf was NOT tried.")
    return program


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost, and its key beside it."""
    certificate = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem",
         "-out", certificate],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return certificate


@dataclass
class Nginx:
    """A running nginx; ``folder`` has its logs and what it would keep of bodies."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def access_log(self) -> Path:
        return self.folder / "logs" / "access.log"

    def buffered(self) -> list[str]:
        """Every file in its temporary folders, and those that it holds open there without a name."""
        named = [str(path) for name in TEMPORARY for path in (self.folder / name).rglob("*") if path.is_file()]
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children()]
        opened = [link for each in family for link in Path(f"/proc/{each.pid}/fd").iterdir() if link.is_symlink()]
        held = [str(link.readlink()) for link in opened]
        return named + [path for path in held if any(f"/{name}/" in path for name in TEMPORARY)]


def our_configuration(folder: Path, port: int, upstream: str, certificate: Path, most: int) -> str:
    """The file as it ships, with the five lines that are an operator's own, and room for ``most`` requests at once."""
    text = (ROOT / "config" / "nginx.conf").read_text()
    for ours, theirs in {
        "server 127.0.0.1:8080;": f"server {upstream};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "server_name transfer.hospital.example;": "server_name localhost;",
        "/etc/ssl/transfer-service/fullchain.pem": str(certificate),
        "/etc/ssl/transfer-service/privkey.pem": str(certificate.with_name("key.pem")),
        "/var/log/nginx/transfer-service.log": str(folder / "logs" / "access.log"),
    }.items():
        assert text.count(ours) == 1
        assert f"{ours}" in next(line for line in text.splitlines() if ours in line and "# yours" in line)
        text = text.replace(ours, theirs)
    assert "limit_conn transfer_addresses 256;" in text
    return text.replace("limit_conn transfer_addresses 256;", f"limit_conn transfer_addresses {most};")


@contextmanager
def running_nginx(folder: Path, port: int, upstream: str, certificate: Path, most: int = 256) -> Iterator[Nginx]:
    """nginx on that port of localhost, until the block ends."""
    program = nginx_program()
    (folder / "logs").mkdir(parents=True)
    (folder / "transfer-service.conf").write_text(our_configuration(folder, port, upstream, certificate, most))
    temporary = "\n".join(f"    {name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(WRAPPED.format(folder=folder, temporary=temporary, user=user))
    process = subprocess.Popen(
        [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "logs" / "error.log"]
    )
    try:
        assert eventually(lambda: listens(port)), (folder / "logs" / "error.log").read_text()
        yield Nginx(folder, port, process)
    finally:
        process.terminate()
        process.wait(20)
