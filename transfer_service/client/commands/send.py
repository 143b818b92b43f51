"""``packet send DIR``."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from transfer_service.client.commands.told import FILE, FOLDER, Told, command
from transfer_service.client.deposit.case import CASE_FILE, packet_draft, read_case
from transfer_service.client.deposit.journal import Journal
from transfer_service.client.deposit.release import USUAL_PURPOSE, Wish, ask_patient, recipients_named
from transfer_service.client.deposit.scan import SKIPPABLE, Contents, scan
from transfer_service.client.deposit.send import Receipt, SendOptions, check_sendable, send_packet
from transfer_service.client.failures import UsageWrong
from transfer_service.client.instants import rfc3339, until
from transfer_service.client.printable import printable
from transfer_service.client.progress import Progress
from transfer_service.client.service import Service
from transfer_service.sealing.manifest import canonical

_ASKED = {
    "accession_number": "Accession number",
    "name": "Patient's name",
    "birth_date": "Birth date (YYYY-MM-DD)",
    "record_number": "Record number",
    "email": "Patient's e-mail address",
}
_MAY_BE_EMPTY = frozenset({"email"})


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--case", "case_file", type=FILE, help="The case description (JSON). Usually DIR/case.json.")
@click.option("--accession-number", help="Of a case that no file describes; what is left out is asked.")
@click.option("--patient-name", "name")
@click.option("--birth-date", metavar="YYYY-MM-DD")
@click.option("--record-number")
@click.option("--patient-email", "email", help="Where the patient's letter goes.")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="RECIPIENT",
    help="Ask the patient's release for: id, e-mail address or name. Again for more.",
)
@click.option("--purpose", default=USUAL_PURPOSE, show_default=True, help="Of the release.")
@click.option("--until", "until_word", default="30d", show_default=True, help="When the release ends: 30d, 2026-12-31.")
@click.option(
    "--skip", multiple=True, type=click.Choice(SKIPPABLE), help="Leave out what is odd in this way, rather than refuse."
)
@click.option("--leave-out", multiple=True, metavar="PATTERN", help="Files that are not sent, such as '*.tmp'.")
@click.option("--send-case", is_flag=True, help="Send the case description too; usually it is no file of the packet.")
@click.option("--replace", is_flag=True, help="What changed after it was sent takes the place of what was sent.")
@click.option("--new", is_flag=True, help="Send the folder as another packet, though it was sent before.")
@click.option("--receipt", "receipt_file", type=FILE, help="Save the signed receipt there.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@command
def send(told: Told, **words: Any) -> None:  # noqa: ANN401 - the command line, as click reads it
    """Send a folder's files as one packet: sealed, read back, closed.

    Run it again after whatever stopped it: it goes on where it stopped, and sends nothing twice.
    """
    asked = _Asked(**words)
    options = SendOptions(told.config.parallel, frozenset(asked.skip), asked.replace, told.config.manifest_key_pem())
    contents = _contents(asked)
    check_sendable(contents, options)
    if asked.dry_run:
        _say_left_out(told.progress(), contents, options)
        _say_contents(told, contents)
    else:
        _send(told, asked, contents, options)


@dataclass(frozen=True)
class _Asked:
    """The command line."""

    folder: Path
    case_file: Path | None
    accession_number: str | None
    name: str | None
    birth_date: str | None
    record_number: str | None
    email: str | None
    recipients: Sequence[str]
    purpose: str
    until_word: str
    skip: Sequence[str]
    leave_out: Sequence[str]
    send_case: bool
    replace: bool
    new: bool
    receipt_file: Path | None
    dry_run: bool


def _send(told: Told, asked: _Asked, contents: Contents, options: SendOptions) -> None:
    draft = _draft(asked)
    service, progress = told.staff_service(), told.progress()
    wish = _wish(service, asked, asked.recipients or told.config.recipients, draft)
    try:
        _say_left_out(progress, contents, options)
        with Journal.of(service.base_url, asked.folder) as journal:
            if asked.new:
                journal.start_anew()
            receipt = send_packet(service, contents, draft, journal, options, progress)
        release = ask_patient(service, receipt.packet_id, wish) if wish else None
    finally:
        progress.end()
    _save(receipt, asked.receipt_file)
    _say_sent(told, receipt, release)


def _contents(asked: _Asked) -> Contents:
    patterns = [*asked.leave_out]
    if not asked.send_case:
        patterns += [f"./{place}" for place in (CASE_FILE, _place_in(asked.folder, asked.case_file)) if place]
    return scan(asked.folder, leave_out=patterns)


def _place_in(folder: Path, file: Path | None) -> str | None:
    if file is None or not file.resolve().is_relative_to(folder.resolve()):
        return None
    return file.resolve().relative_to(folder.resolve()).as_posix()


def _draft(asked: _Asked) -> dict[str, Any]:
    """The case from the file that is named, from DIR/case.json, or from what is said and asked."""
    said = {name: word for name in _ASKED if (word := getattr(asked, name)) is not None}
    usual = asked.folder / CASE_FILE
    file = asked.case_file or (usual if usual.is_file() and not said else None)
    if file is None:
        return _draft_of_words(said)
    if said:
        raise UsageWrong("Say the case by --case FILE or by options, not by both.")
    return dict(read_case(file).draft)


def _draft_of_words(said: dict[str, str]) -> dict[str, Any]:
    asks = os.isatty(0)
    for name, prompt in _ASKED.items():
        if name not in said and asks:
            optional = name in _MAY_BE_EMPTY
            said[name] = click.prompt(prompt, default="" if optional else None, show_default=False, err=True)
    patient = {name: said[name] for name in _ASKED if name != "accession_number" and said.get(name)}
    case: dict[str, Any] = {"patient": patient}
    if said.get("accession_number"):
        case["accession_number"] = said["accession_number"]
    return packet_draft(case)


def _wish(service: Service, asked: _Asked, wanted: Sequence[str], draft: dict[str, Any]) -> Wish | None:
    """Looked through before anything is sent: nobody waits for 80 GB to learn that a name was mistyped."""
    if not wanted:
        return None
    if "email" not in draft["case"]["patient"]:
        raise UsageWrong(
            "The patient can't be asked: the case has no e-mail address.", advice="Add it, or leave out --to."
        )
    expires_at = rfc3339(until(asked.until_word, datetime.now(UTC)))
    return Wish(recipients_named(service, wanted), asked.purpose, expires_at)


def _say_left_out(progress: Progress, contents: Contents, options: SendOptions) -> None:
    for each in contents.oddities:
        if each.kind in options.skip:
            progress.note(f"Skipped: {printable(each.path)}: {each.why}")
    for path in contents.left_out:
        progress.note(f"Left out: {printable(path)}")
    if contents.empty_folders:
        progress.note(f"{len(contents.empty_folders)} empty folders are not sent: a packet holds files alone.")


def _say_contents(told: Told, contents: Contents) -> None:
    facts = {"files": [{"path": file.path, "size": file.size_bytes, "kind": file.kind} for file in contents.files]}
    lines = [f"{file.size_bytes:>18,}  {file.kind:9}  {printable(file.path)}" for file in contents.files]
    told.answer(facts, "\n".join([*lines, f"{contents.size_bytes:>18,}  in {len(lines)} files would be sent"]))


def _save(receipt: Receipt, path: Path | None) -> None:
    if path is None:
        return
    try:
        path.write_text(json.dumps(receipt.document(), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise UsageWrong(
            f"The packet is closed, but {path} can't be written: {error.strerror}.",
            advice="Run the same command with another --receipt FILE: nothing is sent again.",
        ) from None


def _say_sent(told: Told, receipt: Receipt, release: Any) -> None:  # noqa: ANN401 - JSON
    files = receipt.manifest["files"]
    size, digest = sum(file["size"] for file in files), sha256(canonical(receipt.manifest)).hexdigest()
    lines = [
        f"Packet {receipt.packet_id} is closed: {len(files)} files, {size:,} bytes.",
        f"Receipt: manifest SHA-256 {digest}, signed by key {receipt.key_id}.",
    ]
    facts = {"packet_id": receipt.packet_id, "files": len(files), "size": size, "manifest_sha256": digest}
    if release is not None:
        facts |= {"release_id": release["id"], "release_state": release["state"]}
        lines.append(f"Release {release['id']} is {release['state']}: the patient was sent a letter.")
    told.answer(facts | {"receipt": receipt.document()}, "\n".join(lines))
