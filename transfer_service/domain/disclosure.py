"""Disclosure: the fact that bytes left, or were refused: to whom, when, under which release (164.528(b)(2))."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

Span = tuple[int, int]
#: Beyond so many separate spans the shortest are forgotten: a viewer that reads tiles makes no row without bound.
MOST_SPANS = 1000


def joined(spans: tuple[Span, ...], span: Span) -> tuple[Span, ...]:
    """The half-open byte spans with one more, merged where they touch, in order; MOST_SPANS of them, the longest."""
    merged: list[Span] = []
    for start, stop in sorted((*spans, span)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    while len(merged) > MOST_SPANS:
        merged.remove(min(merged, key=_length))
    return tuple(merged)


def _length(span: Span) -> int:
    start, stop = span
    return stop - start


@dataclass(frozen=True, slots=True)
class Receipt:
    """A service's own word that it has a file of a release. Never taken back, and said once."""

    id: UUID
    organization_id: UUID
    release_id: UUID
    recipient_id: UUID
    file_id: UUID
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One row a redemption and file, committed before the file's first byte leaves; refusals have rows of their own.

    ``bytes_sent`` counts everything that left, repeats too; ``spans`` are the plaintext bytes [start, stop) known to
    have left at least once; ``completed_at`` is when they first made the whole file. ``refused_code`` is set on a
    refusal.
    """

    id: UUID
    organization_id: UUID
    packet_id: UUID
    release_id: UUID
    link_id: UUID
    recipient_id: UUID
    recipient_version: int
    redemption_id: UUID | None
    file_id: UUID | None
    started_at: datetime
    last_at: datetime
    bytes_sent: int = 0
    requests: int = 0
    spans: tuple[Span, ...] = ()
    completed_at: datetime | None = None
    refused_code: str | None = None

    @property
    def distinct_bytes(self) -> int:
        """How many different bytes of the file are known to have left."""
        return sum(map(_length, self.spans))

    @property
    def progress(self) -> tuple[bool, int]:
        """To be compared: whether the whole file left, and else how much of it."""
        return self.completed_at is not None, self.distinct_bytes

    def with_sent(self, span: Span, size_bytes: int, now: datetime) -> "Disclosure":
        """The disclosure after plaintext [start, stop) left, of a file of ``size_bytes``."""
        start, stop = span
        spans = joined(self.spans, span) if start < stop or not size_bytes else self.spans
        whole = spans == ((0, size_bytes),)
        return replace(
            self,
            bytes_sent=self.bytes_sent + stop - start,
            last_at=max(now, self.last_at),
            spans=spans,
            completed_at=self.completed_at or (now if whole else None),
        )
