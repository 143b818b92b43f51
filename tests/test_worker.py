"""The worker, on a real database, in threads of its own."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.factories import DAY
from tests.stages import CONTENTS, Stages
from tests.standalone_process import eventually
from tests.waits import listed
from transfer_service.domain.packet import FileState, PacketFile, PacketState
from transfer_service.domain.waiting import Awaited
from transfer_service.errors import Unavailable
from transfer_service.usecases.release import GrantDraft
from transfer_service.worker import Rhythm, Worker

QUICK = Rhythm(verify_s=0.01, mail_s=0.02, sweep_s=0.05, longest_wait_s=0.1, stop_within_s=0.3)


@contextmanager
def working(stages: Stages, **changes: Any) -> Iterator[Worker]:
    worker = Worker(stages.journey, stages.clock, **{"rhythm": QUICK, **changes})
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(30)
        assert not thread.is_alive()


def is_state(stages: Stages, file: PacketFile, state: FileState) -> bool:
    return stages.file_now(file).state is state


class Blocked:
    """Holds up the first read of the store until ``let_go``; later ones pass."""

    def __init__(self, stages: Stages) -> None:
        self.reached, self._going = threading.Event(), threading.Event()
        stages.store.before = self._before

    def _before(self, step: str) -> None:
        if step == "read" and not self.reached.is_set():
            self.reached.set()
            self._going.wait(30)

    def let_go(self) -> None:
        self._going.set()


def test_files_are_verified_without_anyone_asking(stages):
    stage = stages.received()
    with working(stages):
        for file in stage.files.values():
            assert eventually(lambda file=file: is_state(stages, file, FileState.VERIFIED))


def test_the_files_of_a_successor_come_of_themselves(stages):
    stage = stages.succeeded(stages.closed())
    stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    with working(stages):
        assert eventually(lambda: stages.refreshed(stage).packet.state is PacketState.CLOSED)


def test_a_file_whose_bytes_changed_in_the_store_is_rejected(stages):
    stage = stages.received()
    stages.store.tamper(stage.file.object_key, b"x" * len(stages.store.contents[stage.file.object_key][1]))
    with working(stages):
        assert eventually(lambda: is_state(stages, stage.file, FileState.REJECTED))


def test_a_packet_that_only_waits_for_verification_closes_itself(stages):
    stage = stages.received()
    stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
    with working(stages):
        assert eventually(lambda: stages.refreshed(stage).packet.state is PacketState.CLOSED)


def test_one_huge_file_does_not_hold_up_a_small_one(stages):
    huge, small = stages.received({"huge.svs": b"huge"}), stages.received({"small.svs": b"small"})
    blocked = Blocked(stages)
    with working(stages):
        assert blocked.reached.wait(30)
        files = [huge.file, small.file]
        assert eventually(lambda: any(is_state(stages, file, FileState.VERIFIED) for file in files))
        assert sorted(stages.file_now(file).state for file in files) == [FileState.VERIFIED, FileState.VERIFYING]
        blocked.let_go()
        assert eventually(lambda: all(is_state(stages, file, FileState.VERIFIED) for file in files))


def test_mail_is_carried_away(stages):
    stage = stages.closed()
    already = len(stages.post.mail)
    stages.journey.releases.ask(stages.coordinator, stage.packet.id, stages.release_draft(), stages.now)
    with working(stages):
        assert eventually(lambda: len(stages.post.mail) > already)


def test_a_signed_form_has_its_copy_without_anyone_asking(stages):
    stage = stages.signed()
    with working(stages):
        assert eventually(lambda: stages.journey.copies.size_bytes(stage.release) is not None)


def test_an_abandoned_deposit_is_swept_soon_after_the_start(stages):
    stage = stages.received()
    stages.verify_all()
    stages.clock.advance(15 * DAY)
    with working(stages):
        assert eventually(lambda: stages.refreshed(stage).packet.state is PacketState.RETIRED)
        stages.clock.advance(7 * DAY)
        assert eventually(lambda: not stages.store.contents)


def test_a_closed_packet_is_retired_after_the_retention_that_was_set(stages):
    limits = replace(stages.limits, retention_for=DAY)
    journey = replace(stages.journey, retire=replace(stages.journey.retire, limits=limits))
    stage = stages.closed()
    stages.clock.advance(2 * DAY)
    stages.journey = journey
    with working(stages):
        assert eventually(lambda: stages.refreshed(stage).packet.state is PacketState.RETIRED)


def test_while_the_clock_is_not_trusted_nothing_is_destroyed_which_is_logged_once(stages, caplog):
    doubts, asked = threading.Event(), []
    doubts.set()

    def may_destroy() -> bool:
        asked.append(1)
        return not doubts.is_set()

    abandoned, retired = stages.received(), stages.closed()
    stages.journey.retire.retire(stages.coordinator, retired.packet.id, stages.now)
    stages.clock.advance(15 * DAY)
    with working(stages, may_destroy=may_destroy):
        assert eventually(lambda: len(asked) > 12)
        assert stages.refreshed(abandoned).packet.state is PacketState.OPEN
        assert stages.refreshed(retired).packet.wrapped_key
        doubts.clear()
        assert eventually(lambda: stages.refreshed(abandoned).packet.state is PacketState.RETIRED)
        assert eventually(lambda: stages.refreshed(retired).packet.wrapped_key is None)
    held = sorted(record.message for record in caplog.records if "held back" in record.message)
    assert [message.split()[0] for message in held] == ["abandon", "destroy", "requests", "retention"]


class Waiting:
    """A post, or a step of the store, that does not come back until ``let_go``."""

    def __init__(self) -> None:
        self.reached, self._going = threading.Event(), threading.Event()

    def send(self, _mail: Any) -> None:
        self.reached.set()
        self._going.wait(30)

    def before(self, step: str) -> None:
        if step == "uploads":
            self.send(None)

    def let_go(self) -> None:
        self._going.set()


def test_neither_a_slow_post_nor_a_slow_store_holds_up_closing_and_destroying_and_stopping(stages, monkeypatch):
    post, store = Waiting(), Waiting()
    monkeypatch.setattr(stages.post, "send", post.send)
    stages.store.before = store.before
    stages.journey.releases.ask(stages.coordinator, stages.closed().packet.id, stages.release_draft(), stages.now)
    junk, stage = stages.received(), stages.received()
    stages.journey.deposit.delete_file(stages.coordinator, junk.packet.id, junk.file.id, stages.now)
    with working(stages):
        assert post.reached.wait(30)
        assert store.reached.wait(30)
        stages.journey.close.close(stages.coordinator, stage.packet.id, stages.now, when_verified=True)
        assert eventually(lambda: stages.refreshed(stage).packet.state is PacketState.CLOSED)
        stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
        assert eventually(lambda: stages.refreshed(stage).packet.wrapped_key is None)
    post.let_go()
    store.let_go()
    assert eventually(lambda: not {"mail", "leftovers"} & {thread.name for thread in threading.enumerate()})


def test_a_service_hears_of_its_releases_while_another_s_receiver_hangs(stages):
    hanging, taken = Waiting(), stages.courier.bring

    def bring(notice: Any, webhook: Any, now: Any) -> None:
        if webhook.recipient_id == slow.recipient_id:
            hanging.send(notice)
        taken(notice, webhook, now)

    slow = stages.webhook_set()
    stages.released_to_service()
    stages.released_to_service()
    del stages.service, stages.service_actor
    quick = stages.webhook_set()
    asked = stages.released(grants=[GrantDraft(stages.service.id)], expires_at=stages.now + 3 * DAY)
    stage = stages.in_session(of=asked)
    stages.courier.bring = bring
    with working(stages):
        assert hanging.reached.wait(30)
        stages.signed(of=stage)
        assert eventually(lambda: len(stages.courier.brought) == 2)
        stages.journey.releases.ask(stages.coordinator, stage.packet.id, stages.release_draft(), stages.now)
        assert eventually(lambda: not waiting_mail(stages))
        brought = {(notice.kind.value, webhook.recipient_id) for notice, webhook in stages.courier.brought}
        hanging.let_go()
    assert brought == {(kind, quick.recipient_id) for kind in ("release.released", "release.expiring")}


def waiting_mail(stages: Stages) -> int:
    with stages.database.reading() as tx:
        return len(tx.mail_due(stages.now, 9))


def test_no_further_mail_is_sent_after_stop(stages, monkeypatch):
    for _ in range(2):
        stages.journey.releases.ask(stages.coordinator, stages.closed().packet.id, stages.release_draft(), stages.now)
    worker, sent = Worker(stages.journey, stages.clock, rhythm=QUICK), []

    def send(mail: Any) -> None:
        sent.append(mail)
        worker.stop()

    monkeypatch.setattr(stages.post, "send", send)
    worker.run()
    assert len(sent) == 1


def test_a_worker_that_is_destroying_a_large_packet_stops_between_its_files_and_the_next_goes_on(stages, monkeypatch):
    monkeypatch.setattr("transfer_service.usecases.retire.FILES_AT_ONCE", 1)
    stage = stages.closed({f"{number}.svs": b"slide" for number in range(20)})
    stages.journey.retire.retire(stages.hospital.privacy_officer, stage.packet.id, stages.now, at_once=True)
    with working(stages, rhythm=replace(QUICK, pause_s=0.2)):
        assert eventually(lambda: stages.refreshed(stage).packet.wrapped_key is None)
    assert stages.refreshed(stage).packet.destroyed_at is None
    with working(stages, rhythm=replace(QUICK, pause_s=0)):
        assert eventually(lambda: stages.refreshed(stage).packet.destroyed_at is not None)


def test_a_store_that_does_not_answer_is_logged_once_and_waited_for(stages, caplog):
    caplog.set_level(logging.INFO)
    tries = []

    def fail(step: str) -> None:
        if step in {"read", "head"}:
            tries.append(step)
            raise Unavailable

    stages.store.before = fail
    stage = stages.received({"slide.svs": b"a slide scan"})
    with working(stages):
        assert eventually(lambda: len(tries) >= 1)
        stages.store.before = lambda _step: None
        stages.clock.advance(stages.limits.lease_for + timedelta(seconds=1))
        assert eventually(lambda: is_state(stages, stage.file, FileState.VERIFIED))
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len([each for each in warnings if "waits" in each.message]) == len(tries) == 1


def test_a_chore_that_keeps_failing_for_want_of_something_is_logged_once(stages, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    tries = []

    def fail(_notify, _now, at_most):
        assert at_most == 1
        tries.append(1)
        if len(tries) < 4:
            raise Unavailable
        return 0

    monkeypatch.setattr(type(stages.journey.notify), "deliver", fail)
    with working(stages):
        assert eventually(lambda: len(tries) > 4)
    assert [record.message for record in caplog.records if record.message.startswith("mail")] == [
        f"mail waits: {Unavailable.message}",
        "mail goes on after 3 failures",
    ]


def test_a_failing_chore_holds_up_no_other(stages, caplog):
    stages.post.refuses = RuntimeError("broken")
    stage = stages.closed()
    stages.journey.releases.ask(stages.coordinator, stage.packet.id, stages.release_draft(), stages.now)
    other = stages.received()
    with working(stages):
        assert eventually(lambda: is_state(stages, other.file, FileState.VERIFIED))
        assert eventually(lambda: "mail failed" in caplog.text)


def test_a_stopped_worker_gives_up_its_file_and_the_next_one_verifies_it(stages):
    stage = stages.received({"huge.svs": b"huge"})
    blocked = Blocked(stages)
    with working(stages):
        assert blocked.reached.wait(30)
    assert is_state(stages, stage.file, FileState.VERIFYING)
    stages.clock.advance(stages.limits.lease_for + timedelta(seconds=1))
    with working(stages):
        assert eventually(lambda: is_state(stages, stage.file, FileState.VERIFIED))
    verified = stages.actions().count("file.verified")
    blocked.let_go()
    assert verified == stages.actions().count("file.verified") == 1


def test_two_workers_verify_every_file_once(stages):
    files = [file for _ in range(3) for file in stages.received().files.values()]
    with working(stages), working(stages):
        assert eventually(lambda: all(is_state(stages, file, FileState.VERIFIED) for file in files))
    assert stages.actions().count("file.verified") == len(files) == 3 * len(CONTENTS)


def test_nothing_is_begun_after_stop(stages):
    worker = Worker(stages.journey, stages.clock, rhythm=QUICK)
    worker.stop()
    stage = stages.received()
    worker.run()
    assert is_state(stages, stage.file, FileState.VERIFYING)


def test_what_an_older_version_left_of_waiting_is_mended_without_anyone_asking(stages):
    stage = stages.closed()
    stages.execute("UPDATE waits SET awaited = 'nothing'")
    with working(stages):
        assert eventually(lambda: listed(stages)[stage.packet.id].awaited is Awaited.RELEASE)
