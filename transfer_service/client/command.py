"""``packet``: how a command line begins and ends.

Whatever goes wrong on purpose ends as two lines, what happened and what to do next, and an exit code of
`failures.ExitCode`.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from transfer_service import __version__
from transfer_service.client.commands.fetch import fetch
from transfer_service.client.commands.link import link
from transfer_service.client.commands.login import login, logout
from transfer_service.client.commands.send import send
from transfer_service.client.commands.status import status
from transfer_service.client.commands.verify import verify
from transfer_service.client.commands.watch import watch
from transfer_service.client.failures import ClientFailure, ExitCode, Interrupted
from transfer_service.client.printable import make_streams_forgiving, printable
from transfer_service.errors import TransferError


@click.group()
@click.version_option(__version__)
def packet() -> None:
    """Send sealed slides to a transfer service, and fetch what was released to you.

    Exit codes: 0 done, 1 refused, 2 usage, 3 run it again, 4 token, 5 not what was signed or sent, 6 some files did
    not make it, 7 only digests were checked.
    """


for each in (send, watch, fetch, verify, status, link, login, logout):
    packet.add_command(each)


def main() -> None:
    """The console script."""
    make_streams_forgiving()
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one command line; its exit code."""
    as_json = "--json" in words
    try:
        ended = packet.main([*words], prog_name="packet", standalone_mode=False)
    except click.ClickException as error:
        return _say_usage(error, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        return _say(Interrupted(), as_json=as_json)
    except TransferError as error:
        return _say(error if isinstance(error, ClientFailure) else ClientFailure(str(error)), as_json=as_json)
    return ended if isinstance(ended, int) else ExitCode.DONE


def _say_usage(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        _say_json({"code": "usage", "message": error.format_message(), "advice": "", "exit_code": ExitCode.USAGE})
    else:
        error.show()
    return ExitCode.USAGE


def _say(failure: ClientFailure, *, as_json: bool) -> int:
    request_id = getattr(failure, "request_id", None) or failure.facts.get("request_id")
    if as_json:
        _say_json(
            {
                "code": getattr(failure, "word", failure.code),
                "message": str(failure),
                "advice": failure.advice,
                "exit_code": failure.exit_code,
                **({"request_id": request_id} if request_id else {}),
                **{name: fact for name, fact in failure.facts.items() if name != "request_id"},
            }
        )
    else:
        for line in _lines(failure, request_id):
            click.echo(line, err=True)
    return failure.exit_code


def _lines(failure: ClientFailure, request_id: object) -> list[str]:
    lines = [f"Error: {failure}" + (f" (request {request_id})" if request_id else "")]
    files = failure.facts.get("files")
    if isinstance(files, dict):
        lines += [f"  {printable(path)}: {why}" for path, why in files.items()]
    elif isinstance(files, list):
        lines += [f"  {printable(path)}" for path in files]
    return [*lines, failure.advice] if failure.advice else lines


def _say_json(facts: dict[str, Any]) -> None:
    click.echo(json.dumps({"event": "failed", **facts}))


if __name__ == "__main__":
    main()
