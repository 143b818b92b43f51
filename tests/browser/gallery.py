"""An installation on a real server in which everything there is to see has happened, each when it is first looked for.

What a place shows is brought about by the use cases in this process; the server shares the database, the keys and a
copy of the bucket. Where something has ended, it began in the past.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from tests.databases import Databases
from tests.factories import DAY, MIB, an_event
from tests.gunicorn_process import GunicornProcess, running_gunicorn
from tests.members import enrolled, invited
from tests.pages.served import DATABASE, FOLDER, SECRET_KEY, share
from tests.stages import BIRTH_DATE, ORIGIN, Stage, Stages, recipient_draft, wrong_code
from transfer_service.app import installation_key
from transfer_service.domain.link import Link
from transfer_service.domain.packet import FileKind
from transfer_service.domain.people import Department, Role, StaffActor
from transfer_service.domain.slide_request import DeclineReason
from transfer_service.errors import TransferError
from transfer_service.identity.sign_in import Proof, SignIn
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.patient import PatientAnswer
from transfer_service.usecases.release import GrantDraft

#: A patient is met on many of their pages, and takes their time.
LIMITS = Limits(
    patient_session_for=timedelta(hours=2),
    codes_an_hour=10_000,
    requests_an_hour=10_000,
    acknowledgements_a_day=10_000,
)


@contextmanager
def running_gallery(folder: Path, databases: Databases) -> Iterator["Gallery"]:
    """Serve one from ``folder`` until the block ends."""
    stages = Stages(folder, databases(folder), limits=LIMITS)
    stages.service_key = installation_key(stages.database, stages.keyring, "service")
    stages.sign_in = SignIn(stages.database, stages.service_key, LIMITS)
    stages.journey = stages._journey()
    environment = {FOLDER: str(stages.directory), DATABASE: stages.kept.url}
    with running_gunicorn("tests.browser.gallery_app:make_app", folder / "server.log", env=environment) as server:
        yield Gallery(stages, server)
    stages.close_down()


@dataclass
class Gallery:
    """The installation, and packets in every state. What is a property may be looked at, and not be changed."""

    stages: Stages
    server: GunicornProcess
    _sessions: dict[Role, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    def now(self) -> Stages:
        """The stages, at the server's time."""
        self.stages.clock.now = datetime.now(UTC)
        return self.stages

    def ago(self, by: timedelta) -> Stages:
        """The stages, in the past."""
        self.stages.clock.now = datetime.now(UTC) - by
        return self.stages

    def code(self) -> str:
        """The newest code that was mailed."""
        return self.now().code()

    def cookie(self, audience: str, token: str) -> dict[str, object]:
        """What the browser of somebody who has proved themselves holds."""
        app = Flask("signs")
        app.secret_key = SECRET_KEY
        serializer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert serializer is not None
        value = serializer.dumps({audience: {"token": token, "opened_with": ""}})
        flags = {"secure": True, "httpOnly": True, "sameSite": "Strict"}
        return {"name": "__Host-session", "value": value, "url": self.url.replace("http:", "https:"), **flags}

    # Packets, as their department meets them

    def everything(self) -> None:
        """See to it that a list has something in every state."""
        for name in (
            "opened",
            "uploading",
            "verified",
            "closed",
            "retired",
            "requested",
            "scanned",
            "signed",
            "answered",
        ):
            getattr(self, name)

    @cached_property
    def opened(self) -> Stage:
        return self.now().opened()

    @cached_property
    def uploading(self) -> Stage:
        """One file has come in part, one waits to be verified."""
        stage = self.now().opened()
        self.stages.planned(stage, "slides/B1.svs", size=40 * MIB)
        self.stages.put(stage, "slides/B2.svs", b"another slide scan")
        return stage

    @cached_property
    def verified(self) -> Stage:
        return self.now().verified()

    @cached_property
    def closed(self) -> Stage:
        return self.now().closed()

    # Requests and opinions, as their department meets them

    @cached_property
    def request_id(self) -> UUID:
        """It waits for an answer."""
        return self.now().requested()[0].id

    @cached_property
    def declined_id(self) -> UUID:
        stages, request = self.now(), self.stages.requested()[0]
        decline = stages.journey.slide_requests.decline
        decline(stages.coordinator, request.id, DeclineReason.UNCLEAR, "Which breast?", stages.now)
        return request.id

    @cached_property
    def opinion_id(self) -> UUID:
        """It has come, and the patient may not read it yet."""
        stage = self.now().redeemed()
        self.stages.answered(stage)
        assert stage.opinion is not None
        return stage.opinion.opinion.id

    # Releases, as the patient meets them

    @cached_property
    def requested(self) -> Stage:
        return self.now().released()

    @cached_property
    def signed(self) -> Stage:
        return self.now().copied()

    @cached_property
    def scanned(self) -> Stage:
        return self.now().scanned(of=self.stages.released())

    @cached_property
    def confirmed(self) -> Stage:
        return self.stages.copied(of=self.stages.confirmed(of=self.now().scanned(of=self.stages.released())))

    @cached_property
    def attested(self) -> Stage:
        return self.now().attested()

    @cached_property
    def withdrawn(self) -> Stage:
        stage = self.now().signed()
        return self.withdraw(stage)

    @cached_property
    def release_expired(self) -> Stage:
        """It was signed, and a link was issued, a hundred days ago."""
        stages = self.ago(100 * DAY)
        return stages.linked(of=stages.signed(expires_at=stages.now + 50 * DAY), expires_at=stages.now + 40 * DAY)

    @cached_property
    def news(self) -> Stage:
        """Of the files that were signed for one is left, and one has come."""
        former = self.now().signed()
        stage = self.stages.carried(former, file_ids=(former.files["slides/A1.svs"].id,))
        self.stages.put(stage, "slides/A4.svs", b"the missing stain", kind=FileKind.SLIDE)
        return self.stages.released(of=self.stages.closed(of=self.stages.verified(of=stage)))

    @cached_property
    def letter_locked(self) -> Stage:
        stage = self.now().released()
        for _ in range(-(-self.stages.limits.wrong_answers // self.stages.limits.code_tries)):
            self._answer_wrongly(stage)
        return stage

    @cached_property
    def answered(self) -> Stage:
        """Downloaded, and once refused; an opinion came back, and the patient may read it."""
        stage = self.now().redeemed()
        self.download(stage)
        self.stages.shared(stage)
        share(self.stages)
        return stage

    # Links, as the recipient meets them

    def linked(self, **changes: object) -> Stage:
        """A link of the caller's own."""
        stage = self.now().linked(**changes)
        share(self.stages)
        return stage

    @cached_property
    def redeemed(self) -> Stage:
        stage = self.now().redeemed(max_redemptions=3)
        share(self.stages)
        return stage

    @cached_property
    def link_expired(self) -> Stage:
        stages = self.ago(30 * DAY)
        return stages.linked(expires_at=stages.now + 10 * DAY)

    @cached_property
    def link_revoked(self) -> Stage:
        return self.revoke(self.linked())

    @cached_property
    def link_used_up(self) -> Stage:
        return self.now().redeemed(max_redemptions=1)

    @cached_property
    def link_locked(self) -> Stage:
        stage = self.linked()
        with self.stages.database.changing() as tx:
            link = tx.get(Link, stage.link.organization_id, stage.link.id)
            locked = replace(link, wrong_answers=self.stages.limits.wrong_answers)
            tx.save(an_event(self.stages.coordinator, "link.refused"), locked)
        return stage

    @cached_property
    def withdrawn_with_a_link(self) -> Stage:
        return self.withdraw(self.linked())

    @cached_property
    def retired(self) -> Stage:
        stage = self.linked()
        self.stages.journey.retire.retire(self.stages.coordinator, stage.packet.id, self.stages.now)
        return stage

    @cached_property
    def recipient_changed(self) -> Stage:
        """They have another address than the permission names."""
        stages = self.now()
        recipient = stages.recipient_added(name="Dr. S. Moved", email="moved@review.test")
        signed = stages.signed(grants=[GrantDraft(recipient.id)])
        stage = stages.linked(of=signed, recipient_id=recipient.id)
        draft = recipient_draft(name="Dr. S. Moved", email="new@review.test")
        stages.journey.recipients.change(stages.coordinator, recipient.id, draft, stages.now)
        return stage

    # Steps between

    def _answer_wrongly(self, stage: Stage) -> None:
        """As often as one code can be tried."""
        patients, now = self.stages.journey.patients, self.stages.clock.advance(timedelta(hours=1))
        challenge = patients.challenge(stage.letter_secret, ORIGIN, now)
        answer = PatientAnswer(stage.letter_secret, challenge.id, BIRTH_DATE, wrong_code(self.stages.code()))
        for _ in range(self.stages.limits.code_tries):
            with suppress(TransferError):
                patients.begin(answer, ORIGIN, now)

    def withdraw(self, stage: Stage) -> Stage:
        assert stage.release is not None
        self.stages.journey.releases.withdraw(self.stages.coordinator, stage.release.id, self.stages.now)
        return stage

    def revoke(self, stage: Stage) -> Stage:
        assert stage.link is not None
        self.stages.journey.issue.revoke(self.stages.coordinator, stage.link.id, self.stages.now)
        return stage

    def download(self, stage: Stage) -> None:
        assert stage.actor is not None
        for file in stage.files.values():
            self.stages.download(stage.actor, file)

    def patient_token(self, stage: Stage) -> str:
        """A session of the patient's."""
        return self.now().patient_session(stage.letter_secret).token

    # Members of staff

    def invitation(self) -> str:
        """The secret in the address that somebody new is given."""
        return invited(self.now(), **somebody())[1]

    def staff_token(self, role: Role, *, again: bool = False) -> str:
        """A session of a member's with that one role; ``again``: of another one's."""
        if again:
            return self._signed_in(role)
        if role not in self._sessions:
            self._sessions[role] = self._signed_in(role)
        return self._sessions[role]

    def newcomer_token(self, role: Role) -> str:
        """A session in a department of its own."""
        stages = self.now()
        return self._signed_in(
            role, department=stages.department(stages.hospital.organization, f"Cytology {next(_numbers)}")
        )

    def _signed_in(self, role: Role, **where: Department) -> str:
        colleague = enrolled(self.now(), role, **somebody(), **where)
        proof = Proof(colleague.email, colleague.password, colleague.code())
        token: str = self.stages.sign_in.enter(proof, ORIGIN, self.stages.now)
        return token

    def end_staff_session(self, token: str) -> None:
        """As by an admin, or by time."""
        stages = self.now()
        actor = stages.bearers.actor(token, ORIGIN, stages.now)
        assert isinstance(actor, StaffActor)
        stages.sign_in.leave(actor, stages.now)


def somebody() -> dict[str, str]:
    """A name and an address that nobody else has."""
    number = next(_numbers)
    return {"name": f"M. Weaver {number}", "email": f"weaver.{number}@hospital.test"}


_numbers = count(1)
