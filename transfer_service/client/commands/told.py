"""What every command is told, and how it answers."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from transfer_service.client.bars import Bars
from transfer_service.client.config import Config
from transfer_service.client.failures import UsageWrong
from transfer_service.client.lines import JsonLines, Lines
from transfer_service.client.patience import Patience
from transfer_service.client.progress import Progress, Silence
from transfer_service.client.service import Service
from transfer_service.client.tokens import token_for
from transfer_service.client.transport import Address, address_of, connections

_MORE_CONNECTIONS = 2  # than there are lanes: for what is asked meanwhile


@dataclass(frozen=True)
class Told:
    """The settings, and how to answer."""

    config: Config
    as_json: bool
    quiet: bool

    def with_key(self, manifest_key: Path | None) -> Config:
        """The settings, with that pinned key in the place of the usual one where it is given."""
        return self.config if manifest_key is None else replace(self.config, manifest_key=manifest_key)

    def address(self, server: str | None = None) -> Address:
        """The service's address. UsageWrong where nobody said which."""
        named = server or self.config.server
        if named is None:
            raise UsageWrong("Which service?", advice="Say --server ADDRESS, or: packet login ADDRESS")
        return address_of(named, insecure_http=self.config.insecure_http)

    def service(self, address: Address | None = None) -> Service:
        """The service, spoken to without a token."""
        address, config = address or self.address(), self.config
        http = connections(
            address,
            at_once=config.parallel + _MORE_CONNECTIONS,
            answer_within_s=config.answer_within_s,
            ca_file=config.ca_file,
        )
        return Service(address.base_url, http, Patience(config.patience_s))

    def staff_service(self) -> Service:
        """The service, spoken to with the token that is kept for it. TokenRefused."""
        service = self.service()
        return service.with_token(token_for(service.base_url))

    def progress(self) -> Progress:
        """Bars where somebody watches, lines for a log, JSON for a program, or nothing."""
        if self.as_json:
            return JsonLines()
        if self.quiet:
            return Silence()
        return Bars() if sys.stderr.isatty() else Lines()

    def answer(self, facts: Mapping[str, Any], words: str) -> None:
        """The command's last word, on stdout."""
        click.echo(json.dumps({"event": "done", **facts}) if self.as_json else words)


Command = Callable[..., None]


def command(function: Command) -> Command:
    """Give a command the options that all have, and what they say."""

    @click.option("--server", metavar="ADDRESS", help="The service [PACKET_SERVER, or `packet login`].")
    @click.option("--json", "as_json", is_flag=True, help="Answer in JSON, one object a line.")
    @click.option("--quiet", "-q", is_flag=True, help="No progress.")
    @click.option("--parallel", type=int, metavar="N", help="Files or parts that travel at once. Usually 2.")
    @click.option("--patience", "patience_s", type=float, metavar="SECONDS", help="Try again so long. Usually 300.")
    @click.option("--ca-file", type=_FILE, help="Certificates (PEM) to trust beside the system's own.")
    @click.option("--insecure-http", is_flag=True, default=None, help="Let tokens travel in the clear. Don't.")
    @wraps(function)
    def told(as_json: bool, quiet: bool, **options: Any) -> None:  # noqa: ANN401, FBT001 - click's own call
        names = ("server", "parallel", "patience_s", "ca_file", "insecure_http")
        config = Config.load({name: options.pop(name) for name in names})
        function(Told(config, as_json, quiet), **options)

    return told


_FILE = click.Path(path_type=Path, dir_okay=False)
FILE = _FILE
FOLDER = click.Path(path_type=Path, file_okay=False)
