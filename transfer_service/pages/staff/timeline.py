"""A packet's timeline: all that happened to it, in plain words, newest or oldest first.

GET /staff/packets/{id}/timeline
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Response, request

from transfer_service.domain.people import Role
from transfer_service.edge.calls import service
from transfer_service.errors import CursorInvalid, NotFound
from transfer_service.pages.answers import page
from transfer_service.pages.explanations import refusal
from transfer_service.pages.language import _, words
from transfer_service.pages.staff.desk import ROLE_NAMES, staff_actor, staff_pages
from transfer_service.pages.staff.timeline_sentences import (
    LINES,
    LINK_OF_ITSELF,
    SIGNED_FOR,
    SIGNED_ON_PAPER,
    TOLD_BY,
    UNKNOWN,
    Line,
)
from transfer_service.usecases.timeline import Moment, Timeline
from transfer_service.wording import N_

timeline = staff_pages("timeline")

A_PAGE = 100
_OLDEST = "oldest"
_NOWHERE = "-"
_SYSTEM = {
    "worker": N_("The service"),
    "operator": N_("An operator"),
    "visitor": N_("Somebody"),
}
_PATIENT, _SOMEBODY = N_("The patient"), N_("Somebody")
_A_FILE = N_("a file that is gone")


@dataclass(frozen=True, slots=True)
class Told:
    """One moment in words: what, what more there is to say of it, and where it came from."""

    moment: Moment
    sentence: str
    mark: str
    more: tuple[str, ...]
    address: str | None


@timeline.get("/packets/<uuid:packet_id>/timeline")
def story(packet_id: UUID) -> Response:
    """One page of it."""
    oldest_first = request.args.get("order") == _OLDEST
    try:
        shown = Timeline(service().database).page(
            staff_actor(), packet_id, limit=A_PAGE, cursor=request.args.get("after"), oldest_first=oldest_first
        )
    except CursorInvalid:
        raise NotFound from None
    return page(
        "staff/timeline",
        packet=shown.packet,
        shown=shown,
        told=[told(moment) for moment in shown.moments],
        oldest_first=oldest_first,
        is_first=request.args.get("after") is None,
    )


def told(moment: Moment) -> Told:
    """The moment in the words of this request."""
    entry = moment.entry
    line = _line(moment)
    values = {
        "who": _who(moment),
        "names": "; ".join(each.name for each in moment.recipients) or _(_SOMEBODY),
        "file": moment.file.path if moment.file else _(_A_FILE),
        "why": refusal(str(entry.facts.get("code", ""))),
        "action": entry.action,
    }
    address = entry.address if entry.address != _NOWHERE else None
    return Told(moment, _(line.sentence, **values), line.mark, tuple(_more(moment)), address)


def _line(moment: Moment) -> Line:
    entry = moment.entry
    special = _SPECIAL.get(entry.action)
    return (special(moment) if special else None) or LINES.get(entry.action, UNKNOWN)


def _signed(moment: Moment) -> Line | None:
    facts = moment.entry.facts
    if facts.get("medium") == "paper":
        return SIGNED_ON_PAPER
    return SIGNED_FOR if facts.get("signer") == "representative" else None


def _withdrawn(moment: Moment) -> Line | None:
    return TOLD_BY.get(str(moment.entry.facts.get("how"))) if moment.staff else None


def _issued(moment: Moment) -> Line | None:
    return LINK_OF_ITSELF if moment.entry.actor_kind == "service" else None


_SPECIAL: dict[str, Callable[[Moment], Line | None]] = {
    "release.signed": _signed,
    "release.withdrawn": _withdrawn,
    "link.issued": _issued,
}


def _who(moment: Moment) -> str:
    kind, _colon, role = moment.entry.actor_kind.partition(":")
    match kind:
        case "staff":
            name = moment.staff.name if moment.staff else _(_SOMEBODY)
            return _("%(name)s (%(role)s)", name=name, role=_(ROLE_NAMES[Role(role)]).lower())
        case "patient":
            return _(_PATIENT)
        case "recipient" | "service" if moment.recipients:
            return moment.recipients[0].name
    return _(_SYSTEM.get(moment.entry.actor_id, _SOMEBODY))


def _more(moment: Moment) -> list[str]:
    """What is counted beside the sentence."""
    entry, row = moment.entry, moment.disclosure
    more = _MORE.get(entry.action.partition(".")[0])
    found = more(moment) if more else []
    if entry.action == "link.refused" and row is not None and row.requests > 1:
        found.append(
            words().plural(
                "And %(count)s time more since, the last on %(when)s.",
                "And %(count)s times more since, the last on %(when)s.",
                row.requests - 1,
                when=words().moment(row.last_at),
            )
        )
    return found


def _sent(moment: Moment) -> list[str]:
    """How much had left then; of the beginning, how much of the file has left by now."""
    row, size = moment.disclosure, words().size(moment.file.size_bytes if moment.file else 0)
    if moment.entry.action != "disclosure.started" or row is None:
        left = words().size(int(moment.entry.facts.get("bytes") or 0))
        return [_("%(sent)s had left by then, of a file of %(size)s.", sent=left, size=size)]
    return [
        _("By now %(sent)s have left, of a file of %(size)s.", sent=words().size(row.bytes_sent), size=size),
        _("The file has gone as a whole.") if row.completed_at else _("The file has not gone as a whole."),
        words().plural("It was asked for %(count)s time.", "It was asked for %(count)s times.", row.requests),
    ]


def _counted(moment: Moment) -> list[str]:
    count = moment.entry.facts.get("files")
    return [words().plural("%(count)s file.", "%(count)s files.", count)] if isinstance(count, int) and count else []


_MORE: dict[str, Callable[[Moment], list[str]]] = {
    "disclosure": _sent,
    "packet": _counted,
    "opinion": _counted,
    "release": _counted,
}
