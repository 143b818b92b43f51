"""Accounting: who got what, when, why, under which authorization (45 CFR 164.528), repeats summed as (b)(3) allows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transfer_service.domain.disclosure import Disclosure
from transfer_service.domain.packet import PacketFile
from transfer_service.domain.people import Recipient
from transfer_service.domain.release import Basis, Release
from transfer_service.errors import Invalid

#: How far back an accounting reaches (164.528(a)(1)); it may cover less (164.528(a)(3)).
YEARS = 6
#: Why no accounting is owed, by the release's basis. What is exempt is listed all the same.
_EXEMPT_UNDER = {"authorization": "164.528(a)(1)(iv)", "treatment": "164.528(a)(1)(i)"}


@dataclass(frozen=True, slots=True, repr=False)
class AccountLine:
    """One disclosure, or one refusal, as it is accounted for: the recipient as the patient read them, file and release.

    ``confirmed_at``: when the recipient, a service, said that it has the file. ``file`` is None on a refusal.
    """

    disclosure: Disclosure
    recipient: Recipient
    file: PacketFile | None
    release: Release
    confirmed_at: datetime | None = None

    @property
    def purpose(self) -> str:
        """Why, in the words of the authorization that was signed (164.528(b)(2)(iv))."""
        return self.release.purpose

    @property
    def exempt_under(self) -> str | None:
        """The paragraph by which no accounting of it is owed, where there is one."""
        return _EXEMPT_UNDER.get(self.release.basis)

    @property
    def accountable(self) -> bool:
        """Whether 164.528(a)(1) asks for it. It is listed either way."""
        return self.exempt_under is None


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Which disclosures are asked for: those that started in [since, until), and all else that is given."""

    recipient_id: UUID | None = None
    department_id: UUID | None = None
    packet_id: UUID | None = None
    record_number: str | None = field(default=None, repr=False)
    since: datetime | None = None
    until: datetime | None = None
    refused: bool | None = None
    completed: bool | None = None
    basis: Basis | None = None


class ReportFormat(StrEnum):
    """In what form a report is handed out: for programs, for spreadsheets, for paper."""

    JSON = "json"
    CSV = "csv"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Period:
    """What an accounting covers: [since, until)."""

    since: datetime
    until: datetime


def accounted_period(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """The period asked for; left open, all that may be asked for at ``now``. Invalid beyond six years, or backwards."""
    end = until or now
    start = since or _years_before(end)
    if start >= end:
        raise Invalid("The period of an accounting begins before it ends.")
    if start < _years_before(end):
        raise Invalid(f"An accounting covers at most {YEARS} years; ask for a shorter period.")
    return Period(start, end)


def _years_before(moment: datetime) -> datetime:
    day = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    return moment.replace(year=max(moment.year - YEARS, 1), day=day)


@dataclass(frozen=True, slots=True, repr=False)
class ReportLine:
    """All that one recipient got under one release (164.528(b)(3)): the first in full, how many, and when the last.

    ``files`` are those that left, each once, by path; ``whole_files`` of them are known to have left to the last byte.
    A recipient whose name or address changed has a line for each version: (b)(2)(ii) asks for both.
    """

    first: AccountLine
    count: int
    last_at: datetime
    files: tuple[PacketFile, ...]
    whole_files: int
    bytes_sent: int

    @property
    def completed(self) -> bool:
        """Whether each file of the line left whole at least once."""
        return self.whole_files == len(self.files)


def summed(lines: Iterable[AccountLine]) -> list[ReportLine]:
    """The lines of a report, by the date of their first disclosure. Refusals are none: nothing left."""
    groups: dict[tuple[UUID, UUID, int], list[AccountLine]] = {}
    for line in lines:
        if line.disclosure.refused_code is None:
            about = line.disclosure
            groups.setdefault((about.release_id, about.recipient_id, about.recipient_version), []).append(line)
    return sorted((_sum(group) for group in groups.values()), key=lambda sum_: _began(sum_.first))


def _sum(group: Sequence[AccountLine]) -> ReportLine:
    files = {line.file.id: line.file for line in group if line.file is not None}
    whole = {line.disclosure.file_id for line in group if line.disclosure.completed_at is not None}
    return ReportLine(
        first=min(group, key=_began),
        count=len(group),
        last_at=max(line.disclosure.last_at for line in group),
        files=tuple(sorted(files.values(), key=lambda file: file.path)),
        whole_files=len(whole),
        bytes_sent=sum(line.disclosure.bytes_sent for line in group),
    )


def _began(line: AccountLine) -> tuple[datetime, UUID]:
    return line.disclosure.started_at, line.disclosure.id
