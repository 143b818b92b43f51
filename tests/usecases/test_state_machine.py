"""Any order of depositing, releasing, linking, redeeming, downloading and ending, against a model of a few lines.

The model says, by dates and flags alone, who may have what when. The service must let in exactly those, send exactly
the right bytes, list as live exactly the links that work, count exactly what was redeemed, and log all of it. What the
list of packets keeps of each must be what the domain decides, whatever ended meanwhile.
"""

import tempfile
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.databases import Databases
from tests.factories import DAY
from tests.stages import ORIGIN, Stage, Stages
from tests.waits import expected, listed
from transfer_service.domain.link import LinkState, Verification
from transfer_service.domain.release import ReleaseState, Signer
from transfer_service.errors import NotFound, TooMany, TransferError
from transfer_service.usecases.release import GrantDraft, SignatureDraft

PASSCODE = "123456"
MOST = st.sampled_from([None, 1, 2])
DAYS = st.integers(1, 60)
WHICH = st.integers(0, 5)


@dataclass
class ModelPacket:
    stage: Stage
    retired: bool = False
    destroy_at: datetime | None = None


@dataclass
class ModelRelease:
    packet: ModelPacket
    stage: Stage
    expires_at: datetime
    granted: set
    signed: bool = False
    withdrawn: bool = False

    def live(self, now):
        return self.signed and not self.withdrawn and not self.packet.retired and now < self.expires_at


@dataclass
class ModelLink:
    release: ModelRelease
    stage: Stage
    expires_at: datetime
    most: int | None
    redemptions: int = 0
    revoked: bool = False
    refused: int = 0
    sessions: list = field(default_factory=list)

    def live(self, now):
        return not self.revoked and now < self.expires_at and self.release.live(now)

    def redeemable(self, now):
        return self.live(now) and (self.most is None or self.redemptions < self.most)


@dataclass
class ModelSession:
    link: ModelLink
    stage: Stage
    expires_at: datetime
    sent: dict = field(default_factory=dict)


def chosen(things, which):
    """The newest most often."""
    return things[-1 - which % len(things)]


def by_path(stage):
    return sorted(stage.files.values(), key=lambda file: file.path)


class Journeys(RuleBasedStateMachine):
    databases: Databases

    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        folder = Path(self.directory.name)
        self.stages = Stages(folder, self.databases(folder))
        self.packets: list[ModelPacket] = []
        self.releases: list[ModelRelease] = []
        self.links: list[ModelLink] = []
        self.sessions: list[ModelSession] = []

    @initialize(most=MOST)
    def all_the_way(self, most):
        """So that what ends early has something to end."""
        self.deposit([b"slide", b"report"])
        self.ask(0, 30, True)
        self.sign(0)
        self.issue(0, 14, most)
        self.redeem(0, True)

    def teardown(self):
        self.stages.journey.account.verify_audit()
        self.stages.check_nothing_is_orphaned()
        self.stages.close_down()
        self.directory.cleanup()

    @property
    def now(self):
        return self.stages.now

    def agrees(self, expected, act):
        """``act`` works exactly where the model says so; what it returned, or None."""
        outcome, refused = None, None
        try:
            outcome = act()
        except TransferError as refusal:
            refused = refusal.code
        assert (refused is None) == expected, refused
        return outcome

    @rule(contents=st.lists(st.binary(max_size=50), min_size=1, max_size=2))
    def deposit(self, contents):
        stage = self.stages.closed({f"{n}.bin": data for n, data in enumerate(contents)})
        self.packets.append(ModelPacket(stage))

    @rule(which=WHICH, days=DAYS, whole=st.booleans())
    def ask(self, which, days, whole):
        packet = chosen(self.packets, which)
        files = by_path(packet.stage)
        granted = [file.id for file in files] if whole else [files[0].id]
        grants = [GrantDraft(self.stages.recipient.id, None if whole else tuple(granted))]
        expires_at = self.now + days * DAY
        made = self.agrees(
            not packet.retired,
            lambda: self.stages.released(of=copy(packet.stage), grants=grants, expires_at=expires_at),
        )
        if made:
            self.releases.append(ModelRelease(packet, made, expires_at, set(granted)))

    @rule(which=WHICH)
    def sign(self, which):
        release = chosen(self.releases, which)
        with suppress(NotFound, TooMany):  # the letter is over after sixty days more; five codes an hour
            self.stages.in_session(of=release.stage)
            draft = SignatureDraft(release.stage.release.form.sha256, "Ada Example", Signer.PATIENT)
            open_ = not release.signed and not release.withdrawn and not release.packet.retired
            may = open_ and self.now < release.expires_at
            act = self.stages.journey.releases.sign
            signed = self.agrees(may, lambda: act(release.stage.patient, release.stage.release.id, draft, self.now))
            release.signed = release.signed or signed is not None

    @rule(which=WHICH, same=st.booleans())
    def sign_on_paper(self, which, same):
        release = chosen(self.releases, which)
        papers, release_id = self.stages.journey.papers, release.stage.release.id
        open_ = not release.signed and not release.withdrawn and not release.packet.retired
        may = open_ and self.now < release.expires_at
        scanned = self.agrees(may, lambda: self.stages.scanned(of=copy(release.stage)))
        if scanned:
            by = self.stages.coordinator if same else self.stages.second_coordinator
            draft = self.stages.paper_draft()
            signed = self.agrees(not same, lambda: papers.confirm(by, release_id, draft, self.now))
            release.signed = signed is not None

    @rule(which=WHICH, days=DAYS)
    def attest(self, which, days):
        packet = chosen(self.packets, which)
        expires_at = self.now + days * DAY
        made = self.agrees(
            not packet.retired, lambda: self.stages.attested(of=copy(packet.stage), expires_at=expires_at)
        )
        if made:
            granted = {file.id for file in packet.stage.files.values()}
            self.releases.append(ModelRelease(packet, made, expires_at, granted, signed=True))

    @rule(which=WHICH, days=DAYS, most=MOST)
    def issue(self, which, days, most):
        release = chosen(self.releases, which)
        expires_at = self.now + days * DAY
        changes = {"verification": Verification.PASSCODE, "passcode": PASSCODE, "max_redemptions": most}
        made = self.agrees(
            release.live(self.now) and expires_at <= release.expires_at,
            lambda: self.stages.linked(of=copy(release.stage), expires_at=expires_at, **changes),
        )
        if made:
            self.links.append(ModelLink(release, made, expires_at, most))

    @precondition(lambda self: self.links)
    @rule(which=WHICH, right=st.booleans())
    def redeem(self, which, right):
        link = chosen(self.links, which)
        redeemable = link.redeemable(self.now)
        passcode = PASSCODE if right else "wrong"
        made = self.agrees(redeemable and right, lambda: self.stages.redeemed(of=copy(link.stage), passcode=passcode))
        if made:
            assert {file.id for file in made.redeemed.released.files} == link.release.granted
            session = ModelSession(link, made, self.now + timedelta(hours=24))
            self.sessions.append(session)
            link.sessions.append(session)
            link.redemptions += 1
        else:
            link.refused += 1

    @precondition(lambda self: self.sessions)
    @rule(which=WHICH, of_files=WHICH, ends=st.tuples(st.integers(0, 50), st.integers(0, 50)))
    def download(self, which, of_files, ends):
        session = chosen(self.sessions, which)
        file = chosen(by_path(session.stage), of_files)
        start, stop = sorted(min(end, file.size_bytes) for end in ends)
        in_session, live = self.now < session.expires_at, session.link.live(self.now)
        may = in_session and live and file.id in session.link.release.granted
        came = self.agrees(may, lambda: self.stages.download(session.stage.actor, file, start, stop))
        if may:
            assert came == session.stage.contents[file.path][start:stop]
            session.sent[file.id] = session.sent.get(file.id, 0) + stop - start
        session.link.refused += in_session and not may

    @precondition(lambda self: self.sessions)
    @rule(which=WHICH)
    def resolve_a_token(self, which):
        session = chosen(self.sessions, which)
        token = session.stage.redeemed.token
        self.agrees(self.now < session.expires_at, lambda: self.stages.bearers.actor(token, ORIGIN, self.now))

    @rule(which=WHICH)
    def withdraw(self, which):
        release = chosen(self.releases, which)
        self.stages.journey.releases.withdraw(self.stages.coordinator, release.stage.release.id, self.now)
        release.withdrawn = True

    @precondition(lambda self: self.links)
    @rule(which=WHICH)
    def revoke(self, which):
        link = chosen(self.links, which)
        self.stages.journey.issue.revoke(self.stages.coordinator, link.stage.link.id, self.now)
        link.revoked = True

    @rule(which=WHICH)
    def retire(self, which):
        packet = chosen(self.packets, which)
        self.stages.journey.retire.retire(self.stages.coordinator, packet.stage.packet.id, self.now)
        packet.destroy_at = packet.destroy_at or self.now + 7 * DAY
        packet.retired = True

    @rule(hours=st.sampled_from([1, 23, 24, 24 * 7, 24 * 30]))
    def time_passes(self, hours):
        self.stages.clock.advance(timedelta(hours=hours))

    @rule()
    def sweep(self):
        self.stages.sweep()
        for packet in self.packets:
            over = packet.destroy_at is not None and packet.destroy_at <= self.now
            assert (self.stages.refreshed(packet.stage).packet.wrapped_key is None) == over

    @invariant()
    def exactly_the_links_that_work_are_listed_as_live(self):
        for packet in self.packets:
            views = self.stages.journey.issue.of_packet(self.stages.coordinator, packet.stage.packet.id, self.now)
            listed = {view.link.id: view for view in views}
            for link in (link for link in self.links if link.release.packet is packet):
                view = listed.pop(link.stage.link.id)
                locked = view.link.wrong_answers >= self.stages.limits.wrong_answers
                assert (view.state is LinkState.LIVE) == (link.redeemable(self.now) and not locked)
                assert view.link.redemptions == link.redemptions
            assert listed == {}

    @invariant()
    def the_account_holds_exactly_what_left_and_what_was_refused(self):
        for packet in self.packets:
            lines = self.stages.journey.account.of_packet(self.stages.coordinator, packet.stage.packet.id)
            links = [link for link in self.links if link.release.packet is packet]
            sent = sorted(sent for link in links for session in link.sessions for sent in session.sent.values())
            assert sorted(line.disclosure.bytes_sent for line in lines if not line.disclosure.refused_code) == sent
            refused = [line for line in lines if line.disclosure.refused_code]
            assert len(refused) == sum(link.refused for link in links)

    @invariant()
    def what_each_packet_waits_for_is_kept_as_the_domain_decides_it(self):
        found = listed(self.stages) if self.packets else {}
        ids = [packet.stage.packet.id for packet in self.packets]
        assert found == {packet_id: expected(self.stages, packet_id) for packet_id in ids}

    @invariant()
    def a_signed_release_stays_what_it_is(self):
        for packet in self.packets:
            for release in self.stages.journey.releases.of_packet(self.stages.coordinator, packet.stage.packet.id):
                assert (release.signature is not None) == (release.signed_at is not None)
                assert (release.state is ReleaseState.WITHDRAWN) == (release.withdrawn_at is not None)


@pytest.mark.parametrize(
    ("runs", "steps"), [(20, 25), pytest.param(200, 50, marks=pytest.mark.long)], ids=["short", "long"]
)
def test_the_service_and_the_model_agree_in_whatever_order_things_happen(databases, runs, steps):
    class Here(Journeys):
        pass

    Here.databases = staticmethod(databases)

    Here.TestCase.settings = settings(
        max_examples=runs, stateful_step_count=steps, suppress_health_check=list(HealthCheck)
    )
    Here.TestCase("runTest").runTest()
