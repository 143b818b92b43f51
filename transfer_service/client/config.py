"""Settings of the client: flags over the environment over the config file over what is usual.

The file is ``packet.toml`` in the user's config folder (PACKET_CONFIG in the environment names another). Each setting
has a variable of its own: PACKET_SERVER for ``server``, and so on. No secret stands in either.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from platformdirs import user_config_path

from transfer_service.client.failures import UsageWrong
from transfer_service.client.patience import USUAL_PATIENCE_S

CONFIG = "PACKET_CONFIG"
MOST_PARALLEL = 16
_PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class Config:
    """What every command is told."""

    #: The service's address.
    server: str | None = None
    #: Parts or files that travel at once. Two are as fast as four where the service writes to one disk.
    parallel: int = 2
    #: Whom `send` asks the patient for where it is not told: ids, e-mail addresses or unique names.
    recipients: tuple[str, ...] = ()
    #: The file with the public key that manifests are verified with.
    manifest_key: Path | None = None
    #: A call is tried again for so long.
    patience_s: float = USUAL_PATIENCE_S
    #: An answer may take so long; a connection that is silent for longer is taken for lost.
    answer_within_s: float = 120.0
    #: Certificates (PEM) that are trusted beside the system's own.
    ca_file: Path | None = None
    #: Whether tokens may travel in the clear beyond this machine.
    insecure_http: bool = False

    @classmethod
    def load(cls, flags: Mapping[str, object]) -> Self:
        """The settings; flags that are None were not given. UsageWrong says which can't be right, and where it is."""
        path = config_path()
        found = _checked(_from_file(path), str(path))
        found |= _checked(_from_environment(), "the environment")
        found |= _checked({name: value for name, value in flags.items() if value is not None}, "the command")
        return replace(cls(), **found)

    def manifest_key_pem(self) -> str | None:
        """The pinned public key, where one is. UsageWrong."""
        if self.manifest_key is None:
            return None
        try:
            pem = self.manifest_key.read_text("ascii")
        except OSError as error:
            raise UsageWrong(f"{self.manifest_key} can't be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            pem = ""
        if _PUBLIC_KEY not in pem:
            raise UsageWrong(f"{self.manifest_key} is no public key: a file that holds one has a line {_PUBLIC_KEY}.")
        return pem


def config_path() -> Path:
    """Where the config file is, or would be."""
    named = os.environ.get(CONFIG)
    return Path(named) if named else user_config_path("transfer-service", appauthor=False) / "packet.toml"


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageWrong(f"{path} can't be read as TOML: {error}.") from None


def _from_environment() -> dict[str, object]:
    found: dict[str, object] = {}
    for each in fields(Config):
        word = os.environ.get(f"PACKET_{each.name.upper()}")
        if word:
            found[each.name] = word
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(_text(value)).expanduser()


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(each.strip() for each in value.split(",") if each.strip())
    if isinstance(value, list | tuple):
        return tuple(_text(each) for each in value)
    raise ValueError


def _lanes(value: object) -> int:
    number = int(_number(value))
    if not 1 <= number <= MOST_PARALLEL:
        raise ValueError
    return number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError  # noqa: TRY004 - told like every other wrong value
    return float(value)


def _seconds(value: object) -> float:
    number = _number(value)
    if not 0 < number < 7 * 86400:
        raise ValueError
    return number


def _truth(value: object) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, bool):
        return value
    return words[_text(value).lower()]


_READ: Mapping[str, tuple[Callable[[object], Any], str]] = {
    "server": (_text, "an address"),
    "parallel": (_lanes, f"a number from 1 to {MOST_PARALLEL}"),
    "recipients": (_texts, "a list of texts"),
    "manifest_key": (_path, "a file"),
    "patience_s": (_seconds, "seconds, more than 0"),
    "answer_within_s": (_seconds, "seconds, more than 0"),
    "ca_file": (_path, "a file"),
    "insecure_http": (_truth, "true or false"),
}


def _checked(found: Mapping[str, object], where: str) -> dict[str, Any]:
    unknown = sorted(set(found) - set(_READ))
    if unknown:
        raise UsageWrong(f"{where} sets what is no setting: {', '.join(unknown)}. There are: {', '.join(_READ)}.")
    checked = {}
    for name, value in found.items():
        read, kind = _READ[name]
        try:
            checked[name] = read(value)
        except (ValueError, KeyError):
            raise UsageWrong(f"{name}, as {where} sets it, must be {kind}.") from None
    return checked
