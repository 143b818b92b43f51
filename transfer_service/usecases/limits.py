"""How long, how large, how often: every limit that an operator may set, with the contract's defaults."""

from dataclasses import dataclass
from datetime import timedelta

MIB = 1024**2
GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations end in ``_for``, sizes in ``_bytes``; counts are plain numbers.

    ``leftover_for`` must outlast the slowest part that is accepted and the store's longest call: an object that was
    stored but not yet adopted is swept after it. Without ``retention_for`` no closed packet is retired by itself.
    """

    release_for: timedelta = timedelta(days=365)
    link_for: timedelta = timedelta(days=90)
    file_bytes: int = 150 * GIB
    scan_bytes: int = 20 * MIB
    code_for: timedelta = timedelta(minutes=10)
    code_tries: int = 5
    codes_an_hour: int = 5
    wrong_answers: int = 20
    patient_session_for: timedelta = timedelta(minutes=30)
    staff_session_for: timedelta = timedelta(hours=12)
    staff_idle_for: timedelta = timedelta(minutes=30)
    patient_secret_for: timedelta = timedelta(days=60)
    access_for: timedelta = timedelta(hours=24)
    ticket_for: timedelta = timedelta(minutes=5)
    replay_for: timedelta = timedelta(minutes=10)
    abandoned_after: timedelta = timedelta(days=14)
    notice_for: timedelta = timedelta(days=7)
    retention_for: timedelta | None = None
    grace_for: timedelta = timedelta(days=7)
    leftover_for: timedelta = timedelta(hours=1)
    lease_for: timedelta = timedelta(seconds=60)
    requests_an_hour: int = 60
    acknowledgements_a_day: int = 5
    request_for: timedelta = timedelta(days=180)
