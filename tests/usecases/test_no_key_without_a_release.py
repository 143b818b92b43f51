"""No packet's key is opened for anybody without a live release that covers it: 10,000 steps against a reference.

The keyring is watched: whatever a step does, it has no packet's key unwrapped but for a download in a session whose
link and release live, and then of the release's packet alone. Where the release does not cover the file, nothing that
the key opens leaves.
"""

import tempfile
from collections.abc import Mapping
from copy import copy
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.factories import DAY
from tests.stages import Stage, Stages
from tests.usecases import reference
from transfer_service.domain.link import Verification
from transfer_service.domain.release import Release, Signer
from transfer_service.errors import NotFound, ReleaseNotSigned, TransferError
from transfer_service.ports import Keyring
from transfer_service.sealing.keys import SecretKey
from transfer_service.usecases.limits import Limits
from transfer_service.usecases.release import GrantDraft, SignatureDraft

#: On PostgreSQL, which has the rule from the same code, a tenth.
STEPS = {"SqliteDatabases": 10_000}
WHICH = st.integers(0, 5)
DAYS = st.integers(1, 20)
MANY = 10**9
LIMITS = Limits(codes_an_hour=MANY, wrong_answers=MANY)  # what they refuse is proved elsewhere, and would hide this


class WatchedKeyring:
    """A keyring that remembers whose packet keys were opened."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self.opened: list[str] = []

    def generate(self, context: Mapping[str, str]) -> tuple[SecretKey, bytes]:
        return self._keyring.generate(context)

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> SecretKey:
        if "packet" in context:
            self.opened.append(context["packet"])
        return self._keyring.unwrap(wrapped, context)

    def check(self) -> None:
        self._keyring.check()


class Releasing(RuleBasedStateMachine):
    databases = None
    steps = 0

    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        folder = Path(self.directory.name)
        self.stages = Stages(folder, self.databases(folder), limits=LIMITS)
        self.recipients = [self.stages.recipient, self.stages.recipient_added(email="other@review.test")]
        self.reference = reference.Reference()
        self.stage_of: dict[object, Stage] = {}

    @initialize()
    def two_packets(self):
        for contents in ({"a.svs": b"a slide", "b.pdf": b"a report"}, {"c.svs": b"another slide"}):
            stage = self.stages.closed(contents)
            self.known(reference.Packet([stage.files[path].id for path in contents]), self.reference.packets, stage)
        self.watched = WatchedKeyring(self.stages.keyring)
        self.stages.keyring = self.watched
        self.stages.journey = self.stages._journey()

    def teardown(self):
        self.stages.close_down()
        self.directory.cleanup()

    def known(self, thing, among, stage):
        among.append(thing)
        self.stage_of[thing] = stage

    @property
    def now(self):
        return self.stages.now

    def step(self, permitted, act, key=None):
        """``act`` works exactly where the reference permits it, and opens no packet's key but that one."""
        self.watched.opened.clear()
        self.stages.post.mail.clear()
        type(self).steps += 1
        outcome, refused = None, None
        try:
            outcome = act()
        except TransferError as refusal:
            refused = refusal.code
        assert (refused is None) == permitted, refused
        assert set(self.watched.opened) <= {key}
        assert not (key and permitted) or self.watched.opened
        return outcome

    @rule(which=WHICH, days=DAYS, grants=st.lists(st.tuples(st.integers(0, 1), WHICH), min_size=1, max_size=2))
    def request(self, which, days, grants):
        packet = newest(self.reference.packets, which)
        files_of = {self.recipients[who].id: set(packet.files[: 1 + n % len(packet.files)]) for who, n in grants}
        drafts = [GrantDraft(recipient, tuple(files)) for recipient, files in files_of.items()]
        ends_at = self.now + days * DAY
        stage = self.step(
            True,
            lambda: self.stages.released(of=copy(self.stage_of[packet]), grants=drafts, expires_at=ends_at),
        )
        if stage:
            self.known(reference.Release(packet, files_of, ends_at), self.reference.releases, stage)

    @precondition(lambda self: self.reference.releases)
    @rule(which=WHICH, who=st.sampled_from(["patient", "patient", "patient", "staff", "another"]))
    def sign(self, which, who):
        release = newest(self.reference.releases, which)
        stage = self.stage_of[release]
        try:
            if who == "patient":
                self.stages.in_session(of=stage)
        except NotFound:  # the letter itself is over, sixty days after the release's end
            return
        actor = {"patient": stage.patient, "staff": self.stages.coordinator, "another": self.another(release)}[who]
        if actor is None:
            return
        draft = SignatureDraft(stage.release.form.sha256, "Ada Example", Signer.PATIENT)
        permitted = who == "patient" and release.may_be_signed(self.now)
        sign = self.stages.journey.releases.sign
        if self.step(permitted, lambda: sign(actor, stage.release.id, draft, self.now)):
            release.signed = True

    def another(self, release):
        """Another release's patient, or some recipient."""
        patients = [self.stage_of[each].patient for each in self.reference.releases if each is not release]
        recipients = [self.stage_of[each].actor for each in self.reference.sessions]
        return next((each for each in (*patients, *recipients) if each is not None), None)

    @precondition(lambda self: self.reference.releases)
    @rule(which=WHICH)
    def withdraw(self, which):
        release = newest(self.reference.releases, which)
        act = self.stages.journey.releases.withdraw
        self.step(True, lambda: act(self.stages.coordinator, self.stage_of[release].release.id, self.now))
        release.withdrawn = True

    @rule(hours=st.sampled_from([1, 12, 24, 24 * 5]))
    def expire(self, hours):
        type(self).steps += 1
        self.stages.clock.advance(timedelta(hours=hours))

    @precondition(lambda self: self.reference.releases)
    @rule(which=WHICH, who=st.integers(0, 1), days=DAYS, most=st.sampled_from([None, 1, 2]))
    def issue(self, which, who, days, most):
        release, recipient = newest(self.reference.releases, which), self.recipients[who]
        ends_at = self.now + days * DAY
        changes = {"recipient_id": recipient.id, "expires_at": ends_at, "max_redemptions": most}
        stage = self.step(
            self.reference.may_issue(release, recipient.id, ends_at, self.now),
            lambda: self.stages.linked(
                of=copy(self.stage_of[release]), verification=Verification.EMAIL_CODE, **changes
            ),
        )
        if stage:
            self.known(reference.Link(release, recipient.id, ends_at, most), self.reference.links, stage)

    @precondition(lambda self: self.reference.links)
    @rule(which=WHICH)
    def redeem(self, which):
        link = newest(self.reference.links, which)
        stage = self.step(link.may_be_redeemed(self.now), lambda: self.stages.redeemed(of=copy(self.stage_of[link])))
        if stage:
            self.stage_of[self.reference.redeem(link, self.now)] = stage

    @precondition(lambda self: self.reference.sessions)
    @rule(which=WHICH, packet=st.integers(0, 1), of_files=WHICH)
    def download(self, which, packet, of_files):
        session = newest(self.reference.sessions, which)
        whose = self.reference.packets[packet]
        contents = sorted(self.stage_of[whose].files.values(), key=lambda file: whose.files.index(file.id))
        file = contents[of_files % len(contents)]
        permitted = session.covers(file.id, self.now)
        own = str(self.stage_of[session].packet.id) if session.is_live(self.now) else None
        actor = self.stage_of[session].actor
        came = self.step(permitted, lambda: self.stages.download(actor, file, 0, file.size_bytes), own)
        assert came == (self.stage_of[whose].contents[file.path] if permitted else None)

    @precondition(lambda self: self.reference.links)
    @rule(which=WHICH)
    def revoke(self, which):
        link = newest(self.reference.links, which)
        act = self.stages.journey.issue.revoke
        self.step(True, lambda: act(self.stages.coordinator, self.stage_of[link].link.id, self.now))
        link.revoked = True


def newest(things, which):
    """The newest most often."""
    return things[-1 - which % len(things)]


def machine(databases):
    class Here(Releasing):
        pass

    Here.databases = staticmethod(databases)
    Here.TestCase.settings = settings(
        max_examples=10,
        stateful_step_count=200,
        phases=[Phase.generate],  # what it finds has few steps that matter, and to seek the fewest takes many minutes
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
    )
    return Here


def test_no_packet_s_key_is_opened_without_a_live_release_that_covers_it(databases):
    here = machine(databases)
    while here.steps < STEPS.get(type(databases).__name__, 1_000):
        here.TestCase("runTest").runTest()


def forgets_that_it_ended(release, now):  # noqa: ARG001 - the rule's own signature
    """A rule that lets a withdrawn or expired release live on."""
    if release.signed_at is None:
        raise ReleaseNotSigned


def test_the_machine_finds_a_service_that_forgets_that_a_release_ended(databases, monkeypatch):
    monkeypatch.setattr(Release, "check_live", forgets_that_it_ended)
    here = machine(databases)
    here.TestCase.settings = settings(here.TestCase.settings, max_examples=50, report_multiple_bugs=False)
    with pytest.raises((AssertionError, ExceptionGroup)):
        here.TestCase("runTest").runTest()
