"""Looks for canaries in files, in every encoding that they may have been written in."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

from tests.standalone_process import everything_in

HOMES = {
    "keyring.json": "wrapping key",
    "settings.toml": "S3 secret",
    "s3.json": "S3 secret",
    "transfer-service.sqlite3": "reviewer's address",
    "transfer-service.sqlite3-wal": "reviewer's address",
}
"""Which canary lives in which file. The store's credentials are in its own file too; reviewers are no patients: how
the department reaches them is not sealed. Mail is in the outbox to be read."""


def base64_forms(octets: bytes) -> set[bytes]:
    """What of its base64 stays the same at each of three alignments, whatever stands before and after."""
    forms = set()
    for lead in range(3):
        encoded = base64.b64encode(bytes(lead) + octets).rstrip(b"=")
        inner = encoded[-(-lead * 8 // 6) : (lead + len(octets)) * 8 // 6]
        forms |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


def forms_of(canary: str | bytes) -> set[bytes]:
    """Every encoding that is looked for: raw, base64, hex, URL-encoded, JSON-escaped, UTF-16."""
    octets = canary.encode() if isinstance(canary, str) else canary
    forms = {octets, octets.hex().encode(), octets.hex().upper().encode(), quote(octets, safe="").encode()}
    forms |= base64_forms(octets)
    if isinstance(canary, str):
        forms |= {canary.encode("utf-16-le"), canary.encode("utf-16-be"), json.dumps(canary)[1:-1].encode()}
    return forms


def found(canaries: dict[str, str | bytes], folders: list[Path]) -> list[str]:
    """Where which canary sits: in every file that is not made to hold them."""
    looked_for = [(name, form) for name, canary in canaries.items() for form in forms_of(canary)]
    hits = []
    for path in (path for folder in folders for path in everything_in(folder) if path.suffix != ".eml"):
        content, allowed = content_of(path), HOMES.get(path.name, _home(path))
        hits += [
            f"{name} in {path}"
            for name, form in looked_for
            if (form in content or form in str(path).encode()) and not name.startswith(allowed)
        ]
    return hits


def _home(path: Path) -> str:
    """PostgreSQL's files are called by numbers; the server's log is none of them."""
    return "reviewer's address" if {"base", "pg_wal"} & {*path.parts} else "nothing"


def content_of(path: Path) -> bytes:
    """Nothing where it is a folder or a socket, or went away since it was found."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""
