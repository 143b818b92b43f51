"""A keyring that is a local file of wrapping keys.

A local file is the lower assurance: whoever reads the file and the database reads everything. At scale a key
management service takes its place.

The file is JSON: ``{"version": 1, "current": "<key id>", "keys": {"<key id>": "<base64url, 32 bytes>"}}``. A key
id is 16 hex digits. What a key wraps begins with its id's 8 bytes, so that older keys go on opening what is theirs.
"""

import base64
import binascii
import json
import logging
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

from transfer_service.adapters.keyring.kms import KMS_MARK
from transfer_service.errors import InstallationDamaged, SealBroken, SettingsInvalid
from transfer_service.sealing.keys import SecretKey, unwrap_key, wrap_key

logger = logging.getLogger(__name__)

VERSION = 1
FILE_MODE = 0o600
_ID_BYTES = 8
_MAX_FILE_BYTES = 65_536
_KEY_ID = re.compile(r"[0-9a-f]{16}")


class LocalKeyring:
    """Implements ``ports.Keyring`` with a file that only its owner can read.

    SettingsInvalid where the file is missing, a symbolic link, another owner's or open to others;
    InstallationDamaged where its content is not what ``create`` wrote.
    """

    def __init__(self, path: Path) -> None:
        self._current, self._keys = _parsed(_private_bytes(path))
        logger.warning("Keys are wrapped by a local file: a lower assurance than a key management service.")

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new file with one new key, on disk before this returns. SettingsInvalid where there is one already."""
        key_id = secrets.token_hex(_ID_BYTES)
        document = {"version": VERSION, "current": key_id, "keys": {key_id: _encoded(SecretKey.generate())}}
        _write_new(path, json.dumps(document, indent=2).encode() + b"\n")
        return cls(path)

    def generate(self, context: Mapping[str, str]) -> tuple[SecretKey, bytes]:
        """A new random key, and the same wrapped under the current wrapping key."""
        key = SecretKey.generate()
        wrapped = wrap_key(self._keys[self._current], key, context)
        return key, bytes.fromhex(self._current) + wrapped

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
        """The key again. SealBroken where it was not wrapped so, by one of these keys."""
        wrapping = self._keys.get(wrapped[:_ID_BYTES].hex())
        if wrapping is None and wrapped.startswith(KMS_MARK):
            raise SealBroken("It was wrapped by AWS KMS, and the settings name a local keyring.")
        if wrapping is None:
            raise SealBroken("It was wrapped by a key that this keyring file does not hold.")
        return unwrap_key(wrapping, wrapped[_ID_BYTES:], context)

    def check(self) -> None:
        """Return: the keys are in memory."""


def remove_unfinished(path: Path) -> None:
    """Remove what a ``create`` at ``path`` left beside it that was killed; one that runs is refused then. OSError."""
    begun = re.compile(re.escape(path.name) + r"\.[0-9a-f]{16}\.new")
    for beside in path.parent.iterdir():
        if begun.fullmatch(beside.name):
            beside.unlink(missing_ok=True)


def _private_bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise SettingsInvalid(
            "There is no keyring file at keyring_path. A new installation makes one: transfer-service keyring create. "
            "Where there are records, take it from its backup: nothing opens with another."
        ) from None
    except OSError as error:
        raise SettingsInvalid(f"The keyring file can't be opened: {error.strerror}. It may not be a link.") from None
    try:
        _check_private(os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_MAX_FILE_BYTES + 1)
    finally:
        os.close(descriptor)


def _check_private(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SettingsInvalid("The keyring is not a regular file.")
    if status.st_uid != os.geteuid():
        raise SettingsInvalid("The keyring file belongs to another user.")
    mode = stat.S_IMODE(status.st_mode)
    if mode != FILE_MODE:
        raise SettingsInvalid(f"The keyring file has mode {mode:04o}; it must be {FILE_MODE:04o}.")


def _parsed(octets: bytes) -> tuple[str, dict[str, SecretKey]]:
    document = _document(octets)
    if set(document) != {"version", "current", "keys"}:
        _damaged("it has other fields than version, current and keys")
    if type(document["version"]) is not int or document["version"] != VERSION:
        _damaged("it is of another version")
    if not isinstance(document["keys"], dict):
        _damaged("its keys are not a mapping")
    keys = {_key_id(name): _decoded(text) for name, text in document["keys"].items()}
    if not isinstance(document["current"], str) or document["current"] not in keys:
        _damaged("its current key is not among its keys")
    return document["current"], keys


def _document(octets: bytes) -> dict[str, Any]:
    if len(octets) > _MAX_FILE_BYTES:
        _damaged("it is too long")
    try:
        document = json.loads(octets, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        _damaged("it is not whole JSON")
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        _damaged("a field stands in it twice")
    return document


def _key_id(name: str) -> str:
    if _KEY_ID.fullmatch(name) is None:
        _damaged("a key id is not 16 hex digits")
    return name


def _encoded(key: SecretKey) -> str:
    return base64.urlsafe_b64encode(key.reveal()).decode()


def _decoded(text: object) -> SecretKey:
    try:
        return SecretKey(base64.b64decode(str(text), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        _damaged("a key is not 32 bytes in base64url")


def _damaged(why: str) -> NoReturn:
    raise InstallationDamaged(f"The keyring file is damaged: {why}.") from None


def _write_new(path: Path, octets: bytes) -> None:
    """Begun under another name, so that whatever stops it the file is there whole or not at all."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(_ID_BYTES)}.new")
    try:
        remove_unfinished(path)
        try:
            _write_private(fresh, octets)
            path.hardlink_to(fresh)  # which, unlike a rename, never replaces one that is there
        finally:
            fresh.unlink(missing_ok=True)
        _sync_directory(path.parent)
    except OSError as error:
        raise SettingsInvalid(f"The keyring file can't be made: {error.strerror}.") from None


def _write_private(path: Path, octets: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, FILE_MODE)
        file.write(octets)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
