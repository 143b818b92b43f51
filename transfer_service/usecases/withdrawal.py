"""Withdrawal: the patient's own, on their page, or what staff were told by phone, on paper or in person."""

from dataclasses import dataclass, replace
from datetime import datetime

from transfer_service.audit.entry import actor_words
from transfer_service.domain.people import Actor, PatientActor
from transfer_service.domain.release import Medium, Release, ReleaseState
from transfer_service.errors import Invalid


@dataclass(frozen=True, slots=True, repr=False)
class WithdrawalDraft:
    """How the patient told staff of it, and what those note; the note is sealed."""

    told_by: Medium | None = None
    note: str | None = None


NOTHING_SAID = WithdrawalDraft()


def check_may_say(actor: Actor, draft: WithdrawalDraft) -> None:
    """Patients withdraw on their page, and only staff have anything to say of how they heard of it; Invalid."""
    if isinstance(actor, PatientActor) and draft != NOTHING_SAID:
        raise Invalid("How it was told, and a note, are for staff to say.")
    if draft.told_by is Medium.PAGE:
        raise Invalid("On the page the patient withdraws, not staff.")


def withdrawn(release: Release, actor: Actor, draft: WithdrawalDraft, now: datetime) -> Release:
    """The release after it; NotNow where it is over already."""
    return replace(
        release.moved(ReleaseState.WITHDRAWN),
        withdrawn_at=now,
        withdrawn_by=":".join(actor_words(actor)),
        withdrawn_how=Medium.PAGE if isinstance(actor, PatientActor) else draft.told_by,
        withdrawn_note=draft.note,
    )
