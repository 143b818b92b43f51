"""What happened, in the sentences that a patient reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from transfer_service.domain.accounting import AccountLine
from transfer_service.domain.people import Recipient
from transfer_service.domain.release import Release
from transfer_service.domain.story import Happening, Kind
from transfer_service.pages.explanations import refusal
from transfer_service.pages.language import _, words
from transfer_service.pages.story_sentences import (
    BEGUN,
    DECLINED,
    FOR,
    ITEMS,
    MILESTONES,
    NONE,
    ONE_FILE,
    OWN,
    PART,
    SEVERAL_FILES,
    SIGNED_FOR,
    SIGNED_OWN,
    WHOLE,
    WITHDRAWN,
)


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence, and what it introduces where that is several things."""

    sentence: str
    items: tuple[str, ...] = ()


def told(happening: Happening) -> Told:
    """The happening in the words of this request."""
    if happening.kind in _IN_ITS_OWN_WAY:
        return _IN_ITS_OWN_WAY[happening.kind](happening)
    return Told(_(MILESTONES[happening.kind], **_values(happening)))


def somebody_received(happenings: list[Happening]) -> bool:
    """Whether anything left at all."""
    return any(happening.kind is Kind.DOWNLOADED for happening in happenings)


def _signed(happening: Happening) -> Told:
    values = _values(happening)
    signature = happening.release.signature if happening.release else None
    if signature is None or signature.authority is None:
        return Told(_(SIGNED_OWN, **values))
    return Told(_(SIGNED_FOR, **values, signer=signature.name, authority=signature.authority))


def _withdrawn(happening: Happening) -> Told:
    return Told(_(WITHDRAWN[_is_by_patient(happening.release)], **_values(happening)))


def _declined(happening: Happening) -> Told:
    return Told(_(DECLINED[_is_by_patient(happening.release)], **_values(happening)))


def _is_by_patient(release: Release | None) -> bool:
    return release is not None and (release.withdrawn_by or "").startswith("patient")


def _downloaded(happening: Happening) -> Told:
    values, whose = _values(happening), _whose(happening.release)
    if len(happening.lines) == 1:
        (line,) = happening.lines
        return Told(_(ONE_FILE[_how_much(line), whose], **values, **_file(line)))
    items = tuple(_(ITEMS[_how_much(line)], **_file(line)) for line in happening.lines)
    return Told(_(SEVERAL_FILES[whose], **values), items)


def _confirmed(happening: Happening) -> Told:
    sentence = words().plural(
        "On %(day)s %(who)s confirmed that it has received %(count)s file.",
        "On %(day)s %(who)s confirmed that it has received %(count)s files.",
        len({line.disclosure.file_id for line in happening.lines}),
        **_values(happening),
    )
    return Told(sentence)


def _refused(happening: Happening) -> Told:
    sentence = words().plural(
        "On %(day)s somebody tried to use the link of %(who)s, %(count)s time, and received nothing: %(why)s.",
        "On %(day)s somebody tried to use the link of %(who)s, %(count)s times, and received nothing: %(why)s.",
        sum(line.disclosure.requests for line in happening.lines),
        why=refusal(happening.lines[0].disclosure.refused_code or ""),
        **_values(happening),
    )
    return Told(sentence)


_IN_ITS_OWN_WAY: Mapping[Kind, Callable[[Happening], Told]] = {
    Kind.SIGNED: _signed,
    Kind.WITHDRAWN: _withdrawn,
    Kind.DECLINED: _declined,
    Kind.DOWNLOADED: _downloaded,
    Kind.CONFIRMED: _confirmed,
    Kind.REFUSED: _refused,
}


def _values(happening: Happening) -> dict[str, str]:
    release, link, recipients = happening.release, happening.link, happening.recipients
    return {
        "day": words().day(happening.at),
        "names": "; ".join(recipient.name for recipient in recipients),
        "who": _who(recipients[0]) if recipients else "",
        "signed": words().day(release.signed_at) if release and release.signed_at else "",
        "until": words().day(release.expires_at) if release else "",
        "link_until": words().day(link.expires_at) if link else "",
    }


def _who(recipient: Recipient) -> str:
    return _(
        "%(name)s of %(organization)s (%(specialty)s)",
        name=recipient.name,
        organization=recipient.organization,
        specialty=recipient.specialty,
    )


def _whose(release: Release | None) -> str:
    if release is None or release.signature is None:
        return NONE
    return OWN if release.signature.authority is None else FOR


def _how_much(line: AccountLine) -> str:
    if line.disclosure.completed_at is not None:
        return WHOLE
    return PART if line.disclosure.bytes_sent else BEGUN


def _file(line: AccountLine) -> dict[str, str]:
    return {
        "file": line.file.path if line.file else "",
        "size": words().size(line.file.size_bytes if line.file else 0),
        "sent": words().size(line.disclosure.bytes_sent),
    }
