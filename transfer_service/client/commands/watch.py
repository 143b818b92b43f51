"""``packet watch DIR``."""

from pathlib import Path
from typing import Any

import click

from transfer_service.client.commands.told import FOLDER, Told, command
from transfer_service.client.failures import UsageWrong
from transfer_service.client.watch.cases import Cases
from transfer_service.client.watch.rule import USUAL_RULE, NamingRule
from transfer_service.client.watch.trial import Trial
from transfer_service.client.watch.view import View


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--cases", type=FOLDER, help="The folder of case descriptions, ACCESSION.json each.")
@click.option("--rule", default=USUAL_RULE, show_default=True, help="The naming rule: which case a file belongs to.")
@click.option("--leave-out", multiple=True, metavar="PATTERN", help="Files that are never taken, such as '*.log'.")
@click.option("--try", "only_try", is_flag=True, help="Say what would go where, and send nothing.")
@command
def watch(told: Told, **words: Any) -> None:  # noqa: ANN401 - the command line, as click reads it
    """Follow a scanner's output folder: slides become packets as they are finished.

    Nothing in the folder is written, renamed or deleted.
    """
    cases = Cases(words["cases"]) if words["cases"] else None
    view = View(_there(words["folder"]), NamingRule.of(words["rule"]), words["leave_out"], words["cases"])
    if words["only_try"]:
        _try(told, view, cases)


def _there(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageWrong(f"{folder} is no folder that is there.")
    return folder


def _try(told: Told, view: View, cases: Cases | None) -> None:
    if cases is not None:
        cases.look()
    trial = Trial(view.look(), cases)
    told.answer(trial.facts(), "\n".join(trial.lines()) or "There is nothing in the folder.")
