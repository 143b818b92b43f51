"""``packet watch DIR``."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from transfer_service.client.bars import Bars
from transfer_service.client.commands.told import FOLDER, Told, command
from transfer_service.client.deposit.release import USUAL_PURPOSE, Wish, recipients_named
from transfer_service.client.deposit.send import SendOptions
from transfer_service.client.failures import Interrupted, NotSent, RunAgain, UsageWrong
from transfer_service.client.instants import duration_s, rfc3339, until
from transfer_service.client.lines import JsonLines
from transfer_service.client.progress import Progress
from transfer_service.client.service import Service
from transfer_service.client.tokens import token_for
from transfer_service.client.watch.board import Board, Meanwhile, Tell
from transfer_service.client.watch.cases import Cases
from transfer_service.client.watch.deposits import Deposits
from transfer_service.client.watch.follow import follow, look_through
from transfer_service.client.watch.ledger import Ledger
from transfer_service.client.watch.rule import USUAL_RULE, NamingRule
from transfer_service.client.watch.trial import Trial
from transfer_service.client.watch.view import View
from transfer_service.client.watch.watcher import Look, Watcher, WatchOptions

LATE = ("wait", "new-packet")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--cases", type=FOLDER, help="The folder of case descriptions, ACCESSION.json each.")
@click.option("--rule", default=USUAL_RULE, show_default=True, help="The naming rule: which case a file belongs to.")
@click.option("--try", "only_try", is_flag=True, help="Say what would go where, and send nothing.")
@click.option("--once", is_flag=True, help="Look through once and end, for cron or the Task Scheduler.")
@click.option(
    "--settle", default="60s", show_default=True, help="A file is finished when it did not change for so long."
)
@click.option("--close-after", default="2h", show_default=True, help="A packet closes when nothing came for so long.")
@click.option("--every", default="20s", show_default=True, help="Look so often.")
@click.option("--late", type=click.Choice(LATE), default="wait", show_default=True, help="Slides for a closed packet.")
@click.option("--leave-out", multiple=True, metavar="PATTERN", help="Files that are never taken, such as '*.log'.")
@click.option(
    "--to", "recipients", multiple=True, metavar="RECIPIENT", help="Ask the patient's release for. As in send."
)
@click.option("--purpose", default=USUAL_PURPOSE, show_default=True, help="Of the release.")
@click.option("--until", "until_word", default="30d", show_default=True, help="When the release ends.")
@command
def watch(told: Told, **words: Any) -> None:  # noqa: ANN401 - the command line, as click reads it
    """Follow a scanner's output folder: slides become packets as they are finished.

    Nothing in the folder is written, renamed or deleted. Stop it and start it again whenever you like: what was taken
    is never taken twice.
    """
    folder = words["folder"]
    if not folder.is_dir():
        raise UsageWrong(f"{folder} is no folder that is there.")
    view = View(folder, NamingRule.of(words["rule"]), words["leave_out"], words["cases"])
    if words["only_try"]:
        _try(told, view, words["cases"])
        return
    if words["cases"] is None:
        raise UsageWrong("Where are the case descriptions?", advice="Say --cases DIR; --try needs none.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _watch(told, view, words)


def _try(told: Told, view: View, folder: Path | None) -> None:
    cases = Cases(folder) if folder else None
    if cases is not None:
        cases.look()
    trial = Trial(view.look(), cases)
    told.answer(trial.facts(), "\n".join(trial.lines()) or "There is nothing in the folder.")


def _watch(told: Told, view: View, words: dict[str, Any]) -> None:
    wanted = words["recipients"] or told.config.recipients
    every_s, settle_for_s = duration_s(words["every"]), duration_s(words["settle"])
    options = WatchOptions(settle_for_s, duration_s(words["close_after"]), bool(wanted), words["late"] == LATE[1])
    progress = told.progress()
    board = Board(_tell(told, progress))
    service = told.staff_service()
    deposits = Deposits(
        lambda: service.with_token(token_for(service.base_url)),
        view.folder,
        SendOptions(told.config.parallel, manifest_key=told.config.manifest_key_pem(), keep=True),
        _wish(wanted, words),
        progress if isinstance(progress, Bars | JsonLines) else Meanwhile(board),
    )
    try:
        with Ledger.of(service.base_url, view.folder) as ledger:
            look = Watcher(view, Cases(words["cases"]), ledger, deposits, board, options).look
            if words["once"]:
                _say_left(told, look_through(look, service.patience.pause, settle_for_s))
            else:
                follow(look, service.patience.pause, board, every_s)
    except (KeyboardInterrupt, Interrupted):
        if words["once"]:
            raise
        told.answer({"stopped": True}, "Stopped. What was begun goes on when it is started again.")
    finally:
        progress.end()


def _tell(told: Told, progress: Progress) -> Tell:
    def tell(event: str, words: str, *, loud: bool, **facts: object) -> None:
        at = datetime.now(UTC)
        if isinstance(progress, JsonLines):
            progress.tell(event, at=rfc3339(at), **facts)
        elif isinstance(progress, Bars):
            progress.note(words)
        elif loud or not told.quiet:
            click.echo(f"{at.astimezone():%Y-%m-%d %H:%M:%S} {words}", err=True)

    return tell


def _wish(wanted: tuple[str, ...], words: dict[str, Any]) -> Callable[[Service], Wish | None]:
    """What the patient is asked; the release's end counts from then."""
    until(words["until_word"], datetime.now(UTC))

    def wish(service: Service) -> Wish | None:
        if not wanted:
            return None
        expires_at = rfc3339(until(words["until_word"], datetime.now(UTC)))
        return Wish(recipients_named(service, wanted), words["purpose"], expires_at)

    return wish


def _say_left(told: Told, left: Look) -> None:
    facts: dict[str, Any] = {"coming": left.coming, "held": left.held}
    if left.held:
        raise NotSent(
            "Something in the folder waits for somebody to act.", advice="What it is was said above.", **facts
        )
    if left.coming:
        raise RunAgain("Some slides or packets are not finished.", advice="The next run goes on.", **facts)
    told.answer(facts, "Everything in the folder was taken.")
