"""The files of an opinion, on their way to the department or to the patient.

1. The opinion is there for who asks, and its return packet is not retired.
2. The reading is in the audit log before the first byte leaves. If it can't be, nothing leaves.
3. Part by part, as every file leaves (``plaintext``); every second the first step is asked again, and whether the
   session was ended meanwhile.

It is no disclosure: the department keeps its own record, the patient reads it. So there is no row for the accounting.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from transfer_service.audit.entry import Entry, Event, actor_words
from transfer_service.domain.opinion import Opinion
from transfer_service.domain.packet import Packet, PacketFile
from transfer_service.domain.people import Actor, Credential, StaffActor
from transfer_service.domain.policy import check_is_patient
from transfer_service.errors import NotAuthenticated
from transfer_service.ports import Database, Keyring, ObjectStore, Transaction
from transfer_service.usecases.answer import opinion_event
from transfer_service.usecases.permission import CHECK_EVERY_S
from transfer_service.usecases.plaintext import Plaintext
from transfer_service.usecases.reach import file_of, packet_key

#: Ranges and repeats of one reader within it are one reading: a viewer asks thousands, and can't fill the audit log.
ONE_READING_FOR = timedelta(hours=1)
READINGS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """Plaintext [start, stop) of a file on its way to a reader."""

    actor: Actor
    opinion_id: UUID
    plaintext: Plaintext
    start: int
    stop: int


@dataclass(frozen=True)
class OpinionFiles:
    """``reached`` gives the opinion to who may have its files; it raises NotAllowed, NotFound."""

    database: Database
    keyring: Keyring
    store: ObjectStore
    clock: Callable[[], datetime]
    reached: Callable[[Transaction, Actor, UUID], Opinion]

    def look(self, actor: Actor, opinion_id: UUID, file_id: UUID) -> PacketFile:
        """The file's facts; records nothing. NotAllowed, NotFound, PacketRetired."""
        with self.database.reading() as tx:
            return file_of(tx, self._packet(tx, self.reached(tx, actor, opinion_id)), file_id)

    def begin(self, actor: Actor, opinion_id: UUID, file_id: UUID, start: int, stop: int, now: datetime) -> Reading:
        """Record the reading before its first byte leaves. Refusals as of ``look``.

        The key is unwrapped outside of the transaction that records: a keyring may take its time.
        """
        with self.database.reading() as tx:
            packet = self._packet(tx, self.reached(tx, actor, opinion_id))
        key = packet_key(self.keyring, packet)
        with self.database.changing() as tx:
            opinion = self.reached(tx, actor, opinion_id)
            file = file_of(tx, self._packet(tx, opinion), file_id)
            _record(tx, actor, opinion, file, now)
        return Reading(actor, opinion_id, Plaintext(self.database, self.store, key, file), start, stop)

    def stream(self, reading: Reading) -> Generator[bytes, None, None]:
        """The plaintext. Raises what ended it in mid-stream; ``SealBroken`` before any byte that is not ours."""
        asked_at = monotonic()
        for block in reading.plaintext.read(reading.start, reading.stop):
            if monotonic() - asked_at >= CHECK_EVERY_S:
                self.check_goes_on(reading.actor, reading.opinion_id)
                asked_at = monotonic()
            yield block

    def check_goes_on(self, actor: Actor, opinion_id: UUID) -> None:
        """Nothing ended it meanwhile: NotAuthenticated, and refusals as of ``look``.

        A download outlasts a session's own time, which is short for patients, but not somebody's ending it.
        """
        with self.database.reading() as tx:
            sessions = tx.find(Credential, actor.organization_id, id=_session(actor))
            if not any(session.revoked_at is None for session in sessions):
                raise NotAuthenticated
            self._packet(tx, self.reached(tx, actor, opinion_id))

    def _packet(self, tx: Transaction, opinion: Opinion) -> Packet:
        packet = tx.get(Packet, opinion.organization_id, opinion.id)
        packet.check_closed()
        return packet


def _session(actor: Actor) -> UUID:
    return actor.token_id if isinstance(actor, StaffActor) else check_is_patient(actor).session_id


def _record(tx: Transaction, actor: Actor, opinion: Opinion, file: PacketFile, now: datetime) -> None:
    event = opinion_event("opinion.read", actor, opinion, now)
    event = Event(event.action, actor, now, {**event.subject, "file": file.id})
    about = {"action": event.action, "packet": opinion.packet_id}
    known = tx.audit_page(opinion.organization_id, limit=READINGS_LOOKED_AT, cursor=None, **about)  # type: ignore[arg-type]  # a word and an id
    if not any(_is_the_same(entry, event) for entry in known.items):
        tx.save(event)


def _is_the_same(entry: Entry, event: Event) -> bool:
    by, which = (entry.actor_kind, entry.actor_id), entry.subject.get("file")
    return (by, which) == (actor_words(event.by), str(event.subject["file"])) and entry.at > event.at - ONE_READING_FOR
