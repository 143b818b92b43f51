"""Copies: the signed form as a PDF to keep, made once its signature stands in the audit log, and never made again.

45 CFR 164.508(c)(4) wants the patient to have one, 164.530(j) wants it kept for six years from the release's end:
nothing here removes it. It is kept outside the packet, and outlives the packet's key. A later withdrawal leaves it as
it is.
"""

import hashlib
import logging
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from transfer_service.audit.entry import Entry, Event
from transfer_service.domain.document import DocumentKind, ReleaseDocument
from transfer_service.domain.packet import Packet
from transfer_service.domain.people import Actor, Department, SystemActor
from transfer_service.domain.release import Release
from transfer_service.errors import CopyNotReady, NotFound
from transfer_service.ports import Database, Transaction, Typesetter
from transfer_service.usecases.documents import DocumentDraft, Documents
from transfer_service.usecases.one_by_one import OneByOne
from transfer_service.usecases.printed_form import FormFacts, Receipt, signed_form, unsigned_form
from transfer_service.usecases.reach import release_and_packet

_log = logging.getLogger(__name__)

AT_ONCE = 100
MOST_SIGNATURES = 10_000  # for one packet, which has one release or a few
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class PrintedForm:
    """A form as a PDF: the ``kept`` copy of a signed one, or one that was just ``made`` to be signed by hand."""

    sha256: str
    size_bytes: int
    name: str
    kept: ReleaseDocument | None = None
    made: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Copies:
    """The worker makes what is missing; whoever takes a signature may try to be quicker."""

    database: Database
    documents: Documents
    typesetter: Typesetter
    _one_by_one: OneByOne = field(default_factory=OneByOne, repr=False)

    def form(self, actor: Actor, release_id: UUID) -> PrintedForm:
        """For the patient, and staff who oversee releases. CopyNotReady; of an unsigned one what ``typeset`` raises."""
        with self.database.reading() as tx:
            release, packet = release_and_packet(tx, actor, release_id)
            if release.signature is not None:
                return _form_of(self._copy(tx, release))
            facts = _facts(tx, release, packet)
        made = self.typesetter.typeset(unsigned_form(facts))
        return PrintedForm(hashlib.sha256(made).hexdigest(), len(made), "form-to-sign.pdf", made=made)

    def size_bytes(self, release: Release) -> int | None:
        """How large the kept copy is; None while there is none."""
        with self.database.reading() as tx:
            copy = self._copy(tx, release)
        return None if copy is None else copy.size_bytes

    def read(self, form: PrintedForm, start: int, stop: int) -> Generator[bytes, None, None]:
        """Bytes [start, stop) of it. SealBroken, Unavailable."""
        if form.kept is None:
            yield form.made[start:stop]
        else:
            yield from self.documents.read(form.kept, start, stop)

    def try_making(self, release: Release, now: datetime) -> None:
        """At once, where that can be: a signature stands without its copy too, and the worker tries on."""
        try:
            self.make(release, now)
        except Exception as error:  # noqa: BLE001  # whatever it is, the signature was taken, and that is the answer
            _log.warning("A copy was not made at once: %s.", type(error).__name__)

    def make_missing(self, now: datetime) -> int:
        """Make the copy of every signed release that has none; how many. What broke is raised at the end."""
        with self.database.reading() as tx:
            waiting = tx.releases_without_copy(AT_ONCE)
        return self._one_by_one.do(waiting, lambda release: self.make(release, now))

    def make(self, release: Release, now: datetime) -> bool:
        """Make and keep the copy of a signed release, where there is none; whether this made it.

        DocumentTooLong, NotTypeset, Unavailable.
        """
        with self.database.reading() as tx:
            release = tx.get(Release, release.organization_id, release.id)
            if release.signature is None or self._copy(tx, release) is not None:
                return False
            facts = _facts(tx, release, tx.get(Packet, release.organization_id, release.packet_id))
            receipt = Receipt(_entry_of_signature(tx, release), tx.audit_head(release.organization_id))
        pdf = self.typesetter.typeset(signed_form(facts, release.signature, receipt, now))
        return self._keep(release, pdf, now)

    def _keep(self, release: Release, pdf: bytes, now: datetime) -> bool:
        draft = DocumentDraft(release, DocumentKind.COPY, PDF, len(pdf))
        document = self.documents.stored(draft, [memoryview(pdf)], now)
        with self.database.changing() as tx:
            tx.get(Release, release.organization_id, release.id)  # locked: of two that made one, the second finds it
            if self._copy(tx, release) is not None:
                return False
            self.documents.keep(tx, _made(release, document, now), document)
        return True

    def _copy(self, tx: Transaction, release: Release) -> ReleaseDocument | None:
        with suppress(NotFound):
            return self.documents.of(tx, release, DocumentKind.COPY)
        return None


def _form_of(copy: ReleaseDocument | None) -> PrintedForm:
    if copy is None:
        raise CopyNotReady
    return PrintedForm(copy.sha256, copy.size_bytes, copy.file_name, kept=copy)


def _facts(tx: Transaction, release: Release, packet: Packet) -> FormFacts:
    department = tx.get(Department, packet.organization_id, packet.department_id)
    return FormFacts(release, tx.organization(packet.organization_id), department)


def _entry_of_signature(tx: Transaction, release: Release) -> Entry:
    signatures = tx.audit_page(
        release.organization_id, limit=MOST_SIGNATURES, cursor=None, action="release.signed", packet=release.packet_id
    )
    return next(entry for entry in signatures.items if entry.subject["release"] == str(release.id))


def _made(release: Release, document: ReleaseDocument, now: datetime) -> Event:
    subject = {"packet": release.packet_id, "release": release.id, "document": document.id}
    facts = {"pdf_sha256": document.sha256, "form_sha256": release.form.sha256}
    return Event("release.copy_made", SystemActor(release.organization_id, "worker"), now, subject, facts)
