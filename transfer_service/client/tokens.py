"""Where tokens are kept: in the system's own keyring; where it has none, in a file that its owner alone may read.

TRANSFER_SERVICE_TOKEN in the environment goes before both.
"""

import os
import stat
from pathlib import Path
from typing import Final

import keyring
from keyring.errors import KeyringError, PasswordDeleteError

from transfer_service.client.failures import TokenRefused, UsageWrong
from transfer_service.client.state import make_private, state_folder, state_name

TOKEN: Final = "TRANSFER_SERVICE_TOKEN"  # noqa: S105 - a variable's name
_KEYRING: Final = "transfer-service packet"


def token_for(base_url: str) -> str:
    """The token for that service. TokenRefused where there is none."""
    token = os.environ.get(TOKEN) or _from_keyring(base_url) or _from_file(base_url)
    if not token:
        raise TokenRefused(
            f"There is no token for {base_url} here.",
            advice=f"Run: packet login {base_url}    or set {TOKEN} in the environment.",
        )
    return checked(token)


def checked(token: str) -> str:
    """The token, without what stands around it. UsageWrong where it can't be one; it is not shown."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise UsageWrong("That is no token: it is one line that begins with ts_.")
    return token


def keep_token(base_url: str, token: str) -> str:
    """Keep it; says where."""
    try:
        keyring.set_password(_KEYRING, base_url, token)
    except (KeyringError, RuntimeError):
        path = _file(base_url)
        path.unlink(missing_ok=True)
        make_private(path)
        path.write_text(token, "ascii")
        return f"in {path}, which you alone may read: this system has no keyring"
    _file(base_url).unlink(missing_ok=True)
    return "in the system's keyring"


def forget_token(base_url: str) -> None:
    """Keep it no more."""
    _file(base_url).unlink(missing_ok=True)
    try:
        keyring.delete_password(_KEYRING, base_url)
    except (PasswordDeleteError, KeyringError, RuntimeError):
        return


def _from_keyring(base_url: str) -> str | None:
    try:
        return keyring.get_password(_KEYRING, base_url)
    except (KeyringError, RuntimeError):
        return None


def _from_file(base_url: str) -> str | None:
    path = _file(base_url)
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise UsageWrong(
            f"Others may read {path}, so it is not used.", advice=f"Delete it, then: packet login {base_url}"
        )
    return path.read_text("ascii")


def _file(base_url: str) -> Path:
    return state_folder("tokens") / state_name(base_url)
