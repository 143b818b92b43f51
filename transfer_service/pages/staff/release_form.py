"""The form that asks for a release: for each recipient which files, and then why, until when, and how to ask."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from transfer_service.domain.language import Language
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import Recipient
from transfer_service.domain.release import MOST_GRANTS, Basis, Medium
from transfer_service.errors import (
    ExpiryInPast,
    ExpiryTooFar,
    Invalid,
    PatientUnreachable,
    TemplateNotApproved,
    TransferError,
    TreatmentNotAllowed,
)
from transfer_service.pages.fields import FormWrong, each_of, optional, typed
from transfer_service.pages.staff.filled_in import latest_day, typed_all, typed_end, typed_ids, typed_one_line
from transfer_service.usecases.release import GrantDraft, ReleaseDraft
from transfer_service.usecases.release_pages import AskPage
from transfer_service.wording import N_

#: Of more files than this, whole folders are chosen.
MOST_BOXES = 300
USUALLY_FOR = timedelta(days=90)
_LONGEST_PURPOSE = _LONGEST_ATTESTATION = 1000
_LONGEST_EVENT = 200

NOBODY = N_("Choose at least one recipient.")
_TOO_MANY = N_("One release names at most 50 recipients.")
_GONE = N_("A recipient that you chose is not in the directory. Choose again.")
_FILES = N_("Choose at least one file, or every file.")
_PURPOSE = N_("Say what the release is for, in at most 1,000 characters.")
_DAY = N_("Enter the last day as year, month and day, for example 2026-12-31.")
PAST = N_("That day is over. Choose one to come.")
_FAR = N_("That day is too far ahead. Choose an earlier one.")
_EVENT = N_("Describe the event in at most 200 characters, or leave this empty.")
_BASIS = N_("Choose whether the patient is asked or it is for treatment.")
_ATTESTATION = N_("Say in a sentence of at most 1,000 characters why this is for treatment.")
_NO_ATTESTATION = N_("Leave this empty where the patient is asked. If it is for treatment, choose that above.")
_SIGNING = N_("Choose how the patient is asked.")
_LANGUAGE = N_("Choose one of the languages.")

_REFUSALS: dict[type[TransferError], tuple[str, str]] = {
    PatientUnreachable: ("signing", N_("No e-mail address of the patient is known, so ask on paper.")),
    TemplateNotApproved: ("language", N_("The form in that language is not approved for your department.")),
    TreatmentNotAllowed: ("basis", N_("Your department does not release for treatment without asking the patient.")),
    ExpiryInPast: ("expires_on", PAST),
    ExpiryTooFar: ("expires_on", _FAR),
    Invalid: ("recipient", _GONE),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One box to tick: a file, or a folder with all that lies in it."""

    label: str
    size_bytes: int
    files: tuple[PacketFile, ...]


def choices_of(files: Sequence[PacketFile]) -> list[Choice]:
    """Each file; of very many, each folder. A closed packet has the same ones in the same order every time."""
    if len(files) <= MOST_BOXES:
        return [Choice(file.path, file.size_bytes, (file,)) for file in files]
    folders: dict[str, list[PacketFile]] = defaultdict(list)
    for file in files:
        folders[f"{file.path.rpartition('/')[0]}/"].append(file)
    return [Choice(name, sum(file.size_bytes for file in held), tuple(held)) for name, held in folders.items()]


def chosen_recipients(asked: AskPage) -> list[Recipient]:
    """Those that were ticked, in the directory's order."""
    ids = typed_ids("recipient")
    found = [each for each in asked.recipients if each.id in ids]
    if not typed_all("recipient"):
        raise FormWrong({"recipient": NOBODY})
    if len(found) != len(typed_all("recipient")):
        raise FormWrong({"recipient": _GONE})
    if len(found) > MOST_GRANTS:
        raise FormWrong({"recipient": _TOO_MANY})
    return found


def usual_day(asked: AskPage, now: datetime) -> date:
    """Until when, where nobody says otherwise."""
    return min((now + USUALLY_FOR).date(), latest_day(asked.latest))


def read_draft(asked: AskPage, recipients: Sequence[Recipient], now: datetime) -> ReleaseDraft:
    """All of it, with everything that is wrong said at once."""
    choices = choices_of(asked.files)
    readers: dict[str, Any] = {
        f"grant-{each.id}": lambda each=each: _grant(each, choices) for each in recipients
    } | {
        "purpose": lambda: typed_one_line("purpose", _LONGEST_PURPOSE, _PURPOSE),
        "expires_at": lambda: typed_end("expires_on", now, asked.latest, _DAY, PAST, _FAR),
        "expiry_event": lambda: optional(lambda: typed_one_line("event", _LONGEST_EVENT, _EVENT), "event"),
        "basis": lambda: _basis(asked),
        "attestation": lambda: _attestation(asked),
        "signing": _signing,
        "language": lambda: _language(asked),
    }  # fmt: skip
    read = each_of(readers)
    return ReleaseDraft([read.pop(f"grant-{each.id}") for each in recipients], **read)


def sentence_of(refusal: TransferError) -> dict[str, str]:
    """What the use case would not take, at the field that it is about; the refusal itself where it is about none."""
    for kind, (name, sentence) in _REFUSALS.items():
        if isinstance(refusal, kind):
            return {name: sentence}
    raise refusal


def _grant(recipient: Recipient, choices: Sequence[Choice]) -> GrantDraft:
    if typed(f"files-{recipient.id}") != "some":
        return GrantDraft(recipient.id)
    ticked = set(typed_all(f"file-{recipient.id}"))
    file_ids: list[UUID] = [
        file.id for number, choice in enumerate(choices) if str(number) in ticked for file in choice.files
    ]
    if not file_ids:
        raise FormWrong({f"files-{recipient.id}": _FILES})
    return GrantDraft(recipient.id, tuple(file_ids))


def _basis(asked: AskPage) -> Basis:
    if not asked.treatment_allowed:
        return Basis.AUTHORIZATION
    if typed("basis") not in {*Basis}:
        raise FormWrong({"basis": _BASIS})
    return Basis(typed("basis"))


def _attestation(asked: AskPage) -> str | None:
    if asked.treatment_allowed and typed("basis") == Basis.TREATMENT:
        return typed_one_line("attestation", _LONGEST_ATTESTATION, _ATTESTATION)
    if typed("attestation"):
        raise FormWrong({"attestation": _NO_ATTESTATION})
    return None


def _signing() -> Medium:
    if typed("signing") not in {Medium.PAGE, Medium.PAPER}:
        raise FormWrong({"signing": _SIGNING})
    return Medium(typed("signing"))


def _language(asked: AskPage) -> Language:
    if typed("language") not in asked.languages:
        raise FormWrong({"language": _LANGUAGE})
    return Language(typed("language"))
