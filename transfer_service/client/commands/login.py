"""``packet login ADDRESS`` and ``packet logout``: which service, and with whose token."""

import json
import os
import re
import sys

import click

from transfer_service.client.commands.told import Told, command
from transfer_service.client.config import config_path
from transfer_service.client.failures import Refused, UsageWrong
from transfer_service.client.tokens import checked, forget_token, keep_token

_SERVER_LINE = re.compile(r"^\s*server\s*=.*$", re.MULTILINE)


@click.command()
@click.argument("address", required=False)
@command
def login(told: Told, address: str | None) -> None:
    """Keep a token for a service, and make it the usual one.

    The token is asked for, or read from standard input: it stands in no command line.
    """
    where = told.address(address)
    token = _token()
    _try(told, token, address)
    place = keep_token(where.base_url, token)
    _make_usual(where.base_url)
    told.answer({"server": where.base_url}, f"The token for {where.base_url} is kept {place}.")


@click.command()
@click.argument("address", required=False)
@command
def logout(told: Told, address: str | None) -> None:
    """Forget the token for a service. It stays valid until the operator revokes it."""
    where = told.address(address)
    forget_token(where.base_url)
    told.answer({"server": where.base_url}, f"No token for {where.base_url} is kept here any more.")


def _token() -> str:
    if os.isatty(0):
        return checked(str(click.prompt("Token", hide_input=True, err=True)))
    return checked(sys.stdin.readline())


def _try(told: Told, token: str, address: str | None) -> None:
    """TokenRefused where the service does not know it; what its role may not do is another matter."""
    try:
        told.service(told.address(address)).with_token(token).get("/packets?limit=1")
    except Refused as refused:
        if refused.word != "not_allowed":
            raise


def _make_usual(base_url: str) -> None:
    path, line = config_path(), f"server = {json.dumps(base_url)}"
    try:
        before = path.read_text("utf-8") if path.exists() else ""
        # A top-level key of TOML stands before the first table; there are no tables in this file.
        after = _SERVER_LINE.sub(lambda _: line, before) if _SERVER_LINE.search(before) else f"{line}\n{before}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(after, "utf-8")
    except OSError as error:
        raise UsageWrong(f"The token is kept, but {path} can't be written: {error.strerror}.") from None
