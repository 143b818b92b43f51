"""Where settings come from: defaults, over them a TOML file, over it ``TRANSFER_SERVICE_<FIELD>`` variables."""

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, get_type_hints

from transfer_service.errors import SettingsInvalid
from transfer_service.settings.checks import check, refuse
from transfer_service.settings.database_url import DatabaseUrl
from transfer_service.settings.fields import KeyringKind, S3Addressing, S3Encryption, Secret, Settings, SmtpSecurity

PREFIX = "TRANSFER_SERVICE_"
CONFIG, DATA = PREFIX + "CONFIG", PREFIX + "DATA"
FILE_NAME = "settings.toml"

#: Read by the client, and by this module itself.
_NOT_FIELDS = {CONFIG, DATA, PREFIX + "URL", PREFIX + "TOKEN"}
_TYPES = get_type_hints(Settings)
_FIELDS = {field.name for field in fields(Settings)}


def load_settings(environment: Mapping[str, str]) -> Settings:
    """The settings, checked, with absolute paths. SettingsInvalid says which is wrong and what to do.

    The file is TRANSFER_SERVICE_CONFIG, or ``settings.toml`` in the folder TRANSFER_SERVICE_DATA of a standalone
    installation. Without a file, TRANSFER_SERVICE_DATABASE_URL at least must be set.
    """
    file = _file(environment)
    values = {} if file is None else _from_file(file)
    values |= _from_environment(environment)
    if values.get("keyring") == KeyringKind.KMS and "keyring_path" in values:
        refuse("keyring_path", "leave it out: with keyring = kms there is no file.")
    settings = _absolute(Settings(**values), Path.cwd() if file is None else file.parent.absolute())
    check(settings)
    return settings


def _file(environment: Mapping[str, str]) -> Path | None:
    config, data = environment.get(CONFIG), environment.get(DATA)
    if config and data:
        raise SettingsInvalid(f"{CONFIG} and {DATA} are both set: unset the one that is not meant.", field=CONFIG)
    if config:
        return Path(config)
    if data:
        return Path(data) / FILE_NAME
    if PREFIX + "DATABASE_URL" in environment:
        return None
    raise SettingsInvalid(
        f"There are no settings. Set {CONFIG} to a settings file, or {DATA} (or --data) to the folder of a "
        "standalone installation.",
        field=CONFIG,
    )


def _from_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            document = tomllib.load(opened)
    except OSError as error:
        help_ = f"The settings file {file} can't be read: {error.strerror}. The first start of standalone makes one."
        raise SettingsInvalid(help_, field=CONFIG) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SettingsInvalid(f"The settings file {file} is not valid TOML.", field=CONFIG) from None
    values = {name: _from_toml(name, value) for name, value in document.items()}
    if mode & 0o077 and any(_is_secret(value) for value in values.values()):
        help_ = f"The settings file {file} holds secrets and has mode {mode:04o}: run chmod 600 on it."
        raise SettingsInvalid(help_, field=CONFIG)
    return values


def _is_secret(value: object) -> bool:
    return isinstance(value, Secret) or (isinstance(value, DatabaseUrl) and value.holds_password)


def _from_toml(name: str, value: object) -> object:
    if name not in _FIELDS:
        refuse(name, "there is no such setting; config/standalone.toml lists all.")
    expected, read = _READERS[_TYPES[name]]
    if type(value) is not expected:
        refuse(name, f"must be written as {_WRITTEN[expected]}.")
    return read(name, value)


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    ours = {name for name in environment if name.startswith(PREFIX)} - _NOT_FIELDS
    return {name.removeprefix(PREFIX).lower(): _from_word(name, environment[name]) for name in sorted(ours)}


def _from_word(variable: str, word: str) -> object:
    name = variable.removeprefix(PREFIX).lower()
    if name not in _FIELDS:
        refuse(variable, "there is no such setting; config/standalone.toml lists all.")
    expected, read = _READERS[_TYPES[name]]
    if expected is int and not word.isdecimal():
        refuse(variable, f"must be {_WRITTEN[int]}.")
    if expected is bool and word not in {"true", "false"}:
        refuse(variable, f"must be {_WRITTEN[bool]}.")
    return read(variable, _plain(expected, word))


def _plain(expected: type, word: str) -> object:
    if expected is int:
        return int(word)
    if expected is bool:
        return word == "true"
    if expected is list:
        return [each.strip() for each in word.split(",") if each.strip()]
    return word


def _words(name: str, value: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever the TOML list holds
    if not all(isinstance(each, str) for each in value):
        refuse(name, "must be a list of strings.")
    return tuple(value)


def _one_of(kind: type[StrEnum]) -> tuple[type, Callable[[str, Any], object]]:
    def read(name: str, value: Any) -> StrEnum:  # noqa: ANN401 - a string, as its reader's type says
        if value not in set(kind):
            *others, last = kind
            refuse(name, f"must be {', '.join(others)} or {last}.")
        return kind(value)

    return str, read


def _as_is(_name: str, value: object) -> object:
    return value


_WRITTEN: dict[type, str] = {str: "a string", int: "a whole number", bool: "true or false", list: "a list of strings"}
_READERS: dict[Any, tuple[type, Callable[[str, Any], object]]] = {
    str: (str, _as_is),
    str | None: (str, _as_is),
    int: (int, _as_is),
    int | None: (int, _as_is),
    bool: (bool, _as_is),
    Path: (str, lambda _name, value: Path(value)),
    Secret | None: (str, lambda _name, value: Secret(value)),
    **{kind: _one_of(kind) for kind in (KeyringKind, S3Addressing, S3Encryption, SmtpSecurity)},
    DatabaseUrl: (str, lambda _name, value: DatabaseUrl(value)),
    tuple[str, ...]: (list, _words),
}


def _absolute(settings: Settings, folder: Path) -> Settings:
    return replace(
        settings,
        database_url=settings.database_url.seen_from(folder),
        keyring_path=folder / settings.keyring_path,
        outbox_dir=folder / settings.outbox_dir,
    )
