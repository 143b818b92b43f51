"""What every command has: which installation it is about, how it answers, and what becomes of a refusal."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from transfer_service.app import joined, parts_of
from transfer_service.edge.calls import Service
from transfer_service.errors import TransferError
from transfer_service.settings import Settings, load_settings

DATA = "TRANSFER_SERVICE_DATA"
CONFIG = "TRANSFER_SERVICE_CONFIG"


@dataclass(frozen=True)
class Operator:
    """What every command is told: which installation, and how to answer."""

    data: Path | None
    as_json: bool

    def settings(self) -> Settings:
        """The installation's settings; SettingsInvalid."""
        environment = dict(os.environ)
        if self.data is not None:
            environment.pop(CONFIG, None)
            environment[DATA] = str(self.data)
        return load_settings(environment)

    def service(self) -> Service:
        """The installation, joined."""
        return joined(parts_of(self.settings()))

    def answer(self, facts: dict[str, Any], words: str) -> None:
        """Print ``facts`` as JSON, or ``words``."""
        click.echo(json.dumps(facts) if self.as_json else words)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --data and --json, and turn what is refused into one line."""

    @click.option("--data", type=click.Path(path_type=Path), help=f"Folder of a standalone installation [{DATA}].")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
    @wraps(function)
    def told(data: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401, FBT001  # click's own call
        try:
            function(Operator(data, as_json), **options)
        except TransferError as error:
            why = getattr(error, "reason", "")  # an operator may know what the log would be told
            raise click.ClickException(" ".join(f"{error} {why}".split())) from None

    return told
