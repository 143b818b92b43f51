"""``packet fetch URL DIR``."""

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from transfer_service.client.commands.told import FILE, FOLDER, Told, command
from transfer_service.client.delivery.fetch import FetchOptions, fetch_packet
from transfer_service.client.delivery.link_url import LinkUrl, link_url
from transfer_service.client.failures import UsageWrong

LINK: Final = "PACKET_LINK"


@click.command()
@click.argument("url", metavar="URL")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--code-from", metavar="FILE", help="Read the code or passcode from there; - is standard input.")
@click.option(
    "--key", "manifest_key", type=FILE, help="The hospital's public key, which the manifest must be signed by."
)
@click.option("--overwrite", is_flag=True, help="Replace other files that stand in the way.")
@command
def fetch(told: Told, **words: Any) -> None:  # noqa: ANN401 - the command line, as click reads it
    """Fetch what a link opens into a folder. Run it again after whatever stopped it.

    In place of URL, - takes the link from PACKET_LINK in the environment, or asks for it: so it stands in no shell
    history and no list of processes.
    """
    link = _link(told, words["url"])
    key = told.with_key(words["manifest_key"]).manifest_key_pem()
    options = FetchOptions(told.config.parallel, words["overwrite"], key)
    progress = told.progress()
    try:
        fetched = fetch_packet(
            told.service(link.address), link, words["folder"], _answer(words["code_from"]), options, progress
        )
    finally:
        progress.end()
    size = sum(each.size_bytes for each in fetched.files)
    checked = "signed by the pinned key" if fetched.signature_checked else "its signature not checked (--key FILE)"
    told.answer(
        {
            "files": len(fetched.files),
            "size": size,
            "signature_checked": fetched.signature_checked,
            "packet": fetched.released["packet"],
            "expires_at": fetched.released["expires_at"],
        },
        f"{len(fetched.files)} files, {size:,} bytes, each with the SHA-256 of the manifest, {checked}.",
    )


def _link(told: Told, word: str) -> LinkUrl:
    if word == "-":
        word = os.environ.get(LINK) or _asked("Link", hidden=True)
    return link_url(word, insecure_http=told.config.insecure_http)


def _answer(source: str | None) -> Any:  # noqa: ANN401 - a function
    """Asks the person, or reads one line from where it was said to be: once, as it won't get better."""
    asked = False

    def answer(needs: str, wrong: str) -> str:
        nonlocal asked
        if source is None or source == "-":
            if wrong and not os.isatty(0):
                raise UsageWrong(f"The {needs} was wrong. {wrong}")
            if wrong:
                click.echo(wrong, err=True)
            return _asked(needs.capitalize(), hidden=needs == "passcode")
        if asked:
            raise UsageWrong(f"The {needs} in {source} is wrong. {wrong}")
        asked = True
        return _line_of(Path(source), needs)

    return answer


def _line_of(path: Path, needs: str) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise UsageWrong(f"{path}, where the {needs} is to be, can't be read.") from None


def _asked(what: str, *, hidden: bool) -> str:
    if os.isatty(0):
        return str(click.prompt(what, hide_input=hidden, err=True)).strip()
    line = sys.stdin.readline().strip()
    if not line:
        raise UsageWrong(f"{what}: nobody is here to ask, and standard input has ended.")
    return line
