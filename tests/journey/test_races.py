"""Two at once (F56 to F60): whatever the order, one outcome, which is one of those that were asked for."""

import json
from collections import Counter
from uuid import uuid4

import pytest

from tests.edge.anywhere import Answer, read_answer
from tests.journey.hospital import (
    API,
    PART,
    Caller,
    File,
    Hospital,
    Link,
    Packet,
    a_case,
    at_once,
    code_of,
    digest_header,
    in_days,
    sha256,
    some_bytes,
)
from tests.standalone_process import Standalone

SMALL = 300_000


@pytest.fixture(scope="module")
def hospital(standalone: Standalone) -> Hospital:
    return Hospital(standalone, "St. Agatha of the races")


@pytest.fixture
def packet(hospital: Hospital) -> Packet:
    return hospital.packet()


class Slow:
    """A PUT of one part over a connection of its own, sent as far as one likes."""

    def __init__(self, file: File, number: int, data: bytes, *headers: str) -> None:
        target = f"{API}{file.url}/parts/{number}"
        self._request = file.caller.raw("PUT", target, *headers, body=data)
        self._head = len(self._request) - len(data)
        self._connection = file.caller.connected()
        self._sent = 0

    def send_until(self, body_bytes: int) -> None:
        stop = self._head + body_bytes
        self._connection.sendall(self._request[self._sent : stop])
        self._sent = max(stop, self._sent)

    def finish(self) -> Answer:
        with self._connection:
            self._connection.sendall(self._request[self._sent :])
            return read_answer(self._connection)


# F56


def a_first(file: File, number: int, a: bytes, b: bytes, *digests: tuple[str, ...]) -> list[Answer]:
    first, second = (Slow(file, number, data, *each) for data, each in zip((a, b), digests, strict=True))
    first.send_until(len(a) // 2)
    return [second.finish(), first.finish()]


def b_first(file: File, number: int, a: bytes, b: bytes, *digests: tuple[str, ...]) -> list[Answer]:
    return a_first(file, number, b, a, *reversed(digests))


def last_bytes_together(file: File, number: int, a: bytes, b: bytes, *digests: tuple[str, ...]) -> list[Answer]:
    both = [Slow(file, number, data, *each) for data, each in zip((a, b), digests, strict=True)]
    for each in both:
        each.send_until(len(a) - 1)
    return at_once(*(each.finish for each in both))


def all_at_once(file: File, number: int, a: bytes, b: bytes, *digests: tuple[str, ...]) -> list[Answer]:
    return at_once(*(Slow(file, number, data, *each).finish for data, each in zip((a, b), digests, strict=True)))


LAST = {a_first: "ours", b_first: "theirs"}
"""Whose bytes arrive last, and so count, where that is certain."""
ORDERS = [a_first, b_first, last_bytes_together, all_at_once]


@pytest.mark.parametrize("rounds", [3])
@pytest.mark.parametrize("whole_parts_before", [0, 1], ids=["one part", "two parts"])
def test_two_attempts_at_one_part_end_in_the_declared_bytes_or_in_a_rejection(
    packet: Packet, whole_parts_before: int, rounds: int
) -> None:
    first_part = some_bytes(PART * whole_parts_before)
    raced = []
    for turn in range(rounds):
        for order in ORDERS:
            ours, theirs = some_bytes(SMALL), some_bytes(SMALL)
            declared = (turn + ORDERS.index(order)) % 2 == 0
            file = packet.plan(first_part + ours, declared=declared)
            if whole_parts_before:
                assert file.put(1, Content_Digest=digest_header(first_part)).status == 204
            digests = [() if declared else (f"Content-Digest: {digest_header(each)}",) for each in (ours, theirs)]
            answers = order(file, whole_parts_before + 1, ours, theirs, *digests)
            assert {answer.status for answer in answers} <= ({204} if order in LAST else {204, 409, 503})
            assert file.complete().status == 202
            raced.append((file, first_part + theirs, declared, LAST.get(order)))
    outcomes = [check_settled(*each) for each in raced]
    assert outcomes.count("verified") >= rounds  # wherever ours are certain to be the last, at least
    packet.check_every_byte()


def check_settled(file: File, other: bytes, declared: bool, last: str | None) -> str:
    """How it ended: as it must where it is certain whose bytes came last. It is verified in the end."""
    settled = file.settled()
    if settled["state"] == "verified":
        winners = {sha256(file.data): file.data} | ({} if declared else {sha256(other): other})
        assert settled["sha256"] in winners
        file.data = winners[settled["sha256"]]
        assert last is None or (file.data == other) == (last == "theirs")
    else:
        assert (settled["state"], settled["rejected_code"]) == ("rejected", "digest_mismatch")
        assert last is None or (declared and last == "theirs")
        file.put_all()
        assert file.complete(sha256(file.data)).status == 202
        assert file.settled()["state"] == "verified"
    return settled["state"]


# F57


def test_two_completions_at_once_are_one(packet: Packet) -> None:
    for _ in range(4):
        file = packet.plan(some_bytes(SMALL)).put_all()
        answers = at_once(*[file.complete] * 4)
        assert [answer.status for answer in answers] == [202] * 4
        assert file.settled()["state"] == "verified"
        assert len(packet.hospital.audited("file.completed", file=file.id)) == 1
        assert len(packet.hospital.audited("file.verified", file=file.id)) == 1


def test_completing_while_the_last_part_is_on_its_way_names_it_as_missing(packet: Packet) -> None:
    file = packet.plan(some_bytes(PART + SMALL))
    assert file.put(1).status == 204
    late = Slow(file, 2, file.part(2))
    late.send_until(SMALL - 1)
    refused = file.complete()
    assert code_of(refused) == (409, "parts_missing")
    assert refused.problem["parts"] == [2]
    assert late.finish().status == 204
    assert file.complete().status == 202
    assert file.settled()["state"] == "verified"


@pytest.mark.parametrize("size", [SMALL, PART + SMALL], ids=["one part", "two parts"])
def test_a_second_attempt_that_arrives_after_completing_changes_nothing(packet: Packet, size: int) -> None:
    file = packet.plan(some_bytes(size)).put_all()
    last = file.numbers[-1]
    late = Slow(file, last, some_bytes(SMALL))
    late.send_until(SMALL - 1)
    assert file.complete().status == 202
    assert code_of(late.finish()) == (409, "file_not_receiving")
    settled = file.settled()
    assert (settled["state"], settled["sha256"]) == ("verified", sha256(file.data))
    packet.check_every_byte()


def test_completing_against_deleting_leaves_no_file_behind(packet: Packet) -> None:
    for turn in range(8):
        file = packet.plan(some_bytes(SMALL)).put_all()
        calls = [file.complete, lambda file=file: file.caller.delete(file.url)]
        completed, deleted = at_once(*calls) if turn % 2 else reversed(at_once(*reversed(calls)))
        assert deleted.status == 204
        assert completed.status == 202 or code_of(completed) == (404, "not_found")
        assert code_of(file.caller.get(file.url)) == (404, "not_found")
        assert code_of(file.complete()) == (404, "not_found")
    assert packet.shown()["files"] == []
    assert packet.deposit(some_bytes(SMALL)).settled()["state"] == "verified"


def test_a_part_against_deleting_its_file_leaves_no_file_behind(packet: Packet) -> None:
    for size in (SMALL, PART + SMALL):
        file = packet.plan(some_bytes(size))
        late = Slow(file, file.numbers[-1], some_bytes(SMALL))
        late.send_until(SMALL - 1)
        assert file.caller.delete(file.url).status == 204
        assert code_of(late.finish()) == (409, "file_not_receiving")
        assert code_of(file.caller.get(file.url)) == (404, "not_found")


def test_planning_a_file_against_closing_is_one_or_the_other(hospital: Hospital) -> None:
    plan = {"path": "late.svs", "size": 5, "transport": "gateway"}
    for turn in range(4):
        packet = hospital.packet()
        packet.deposit(b"a slide").settled()
        calls = [
            lambda packet=packet: packet.coordinator.post(f"{packet.url}/close"),
            lambda packet=packet: packet.coordinator.post(f"{packet.url}/files", plan),
        ]
        closed, planned = at_once(*calls) if turn % 2 else reversed(at_once(*reversed(calls)))
        if closed.status == 200:
            assert code_of(planned) == (409, "packet_not_open")
        else:
            assert (code_of(closed), planned.status) == ((409, "files_unverified"), 201)
        assert len(packet.shown()["files"]) == (1 if closed.status == 200 else 2)


# F58


def test_completing_ten_times_is_completing_once_and_another_digest_is_refused(packet: Packet) -> None:
    file = packet.plan(some_bytes(SMALL), declared=False).put_all()
    digest = sha256(file.data)
    for _ in range(5):
        assert file.complete(digest).status == 202
    assert file.settled()["state"] == "verified"
    for _ in range(5):
        again = file.complete(digest)
        assert (again.status, json.loads(again.body)["state"]) == (202, "verified")
    assert file.complete().status == 202
    assert code_of(file.complete(sha256(b"another"))) == (409, "not_now")
    assert len(packet.hospital.audited("file.completed", file=file.id)) == 1


def test_a_part_that_comes_after_verification_changes_nothing(packet: Packet) -> None:
    file = packet.deposit(some_bytes(SMALL))
    before = file.settled()
    assert code_of(file.put(1, some_bytes(SMALL))) == (409, "file_not_receiving")
    assert file.shown() == before
    packet.check_every_byte()
    assert code_of(file.put(1, some_bytes(SMALL))) == (409, "packet_not_open")


def test_a_file_that_was_completed_with_a_wrong_digest_can_be_sent_again_with_the_right_one(packet: Packet) -> None:
    file = packet.plan(some_bytes(SMALL), declared=False).put_all()
    assert file.complete(sha256(b"a slip of the pen")).status == 202
    assert file.settled()["rejected_code"] == "digest_mismatch"
    file.put_all()
    assert file.complete(sha256(file.data)).status == 202
    assert file.settled()["state"] == "verified"


# F59


def test_a_repeated_key_has_one_answer_through_the_whole_journey(hospital: Hospital) -> None:
    coordinator, colleague = hospital.coordinator, hospital.staff("coordinator")
    email = f"patient-{uuid4().hex}@patient.test"
    made = check_key(coordinator, colleague, "/packets", {"case": a_case(email)}, {"case": a_case(email)})
    packet = Packet(hospital, made["id"], email)
    plan = {"path": "a.svs", "size": 5, "transport": "gateway"}
    planned = check_key(coordinator, colleague, f"{packet.url}/files", plan, {**plan, "path": "b.svs"})
    assert [file["id"] for file in packet.shown()["files"]] == [planned["id"]]
    assert coordinator.put_bytes(f"{packet.url}/files/{planned['id']}/parts/1", b"hello").status == 204
    digest = {"sha256": sha256(b"hello")}
    check_key(coordinator, colleague, f"{packet.url}/files/{planned['id']}/complete", digest, {"sha256": "0" * 64})
    packet.close()

    release = packet.ask_release(hospital.recipient())
    patient = release.session()
    signature = release.signature()
    check_key(patient, coordinator, f"/releases/{release.id}/sign", signature, {**signature, "signature_name": "X"})
    asking = {
        "grants": [{"recipient_id": release.recipient["id"]}],
        "purpose": "Second opinion",
        "expires_at": in_days(9),
        "basis": "authorization",
    }
    path = f"{packet.url}/releases"
    asked = check_key(coordinator, colleague, path, asking, {**asking, "purpose": "Another"}, done_again=True)
    link = release.link_body(expires_at=in_days(3))
    issued = check_key(
        coordinator, colleague, f"{packet.url}/links", link, {**link, "passcode": "another one"}, done_again=True
    )
    check_key(coordinator, colleague, f"/links/{issued['id']}/revoke", {}, b"{ }", done_again=True)
    assert len(coordinator.items(f"{packet.url}/links")) == 2
    releases = [each["id"] for each in coordinator.items(f"{packet.url}/releases")]
    assert releases[:2] == [release.id, asked["id"]]
    assert len(releases) == 3
    assert len(hospital.audited("link.revoked", link=issued["id"])) == 1


def check_key(
    caller: Caller, other: Caller, path: str, body: object, other_body: object, *, done_again: bool = False
) -> dict:
    """What the call answers. Asked eight times at once, then again, it has one answer; ``other`` has no share in it."""
    key = f"key {uuid4()}"
    answers = at_once(*[lambda: caller.post(path, body, Idempotency_Key=key)] * 8)
    answers.append(caller.post(path, body, Idempotency_Key=key))
    assert len({(answer.status, answer.body) for answer in answers}) == 1, answers
    assert answers[0].status < 300, answers[0]
    assert Counter("idempotency-replayed" in answer.headers for answer in answers) == {False: 1, True: 8}
    assert code_of(caller.post(path, other_body, Idempotency_Key=key)) == (422, "idempotency_key_reused")
    theirs = other.post(path, body, Idempotency_Key=key)
    assert "idempotency-replayed" not in theirs.headers
    if done_again:
        assert theirs.status < 300, theirs
    return json.loads(answers[0].body)


# F60

MANY = 200


@pytest.fixture(scope="module")
def release(hospital: Hospital):
    packet = hospital.packet()
    packet.deposit(b"a slide")
    return packet.close().released()


def redeemed_at_once(link: Link, bodies: list[dict]) -> list[Answer]:
    anyone = link.release.packet.hospital.anyone
    return at_once(*(lambda body=body: anyone.post("/redeem", body) for body in bodies))


def check_redeemed_once(link: Link, answers: list[Answer]) -> None:
    assert Counter(answer.status for answer in answers)[200] == 1
    for answer in answers:
        if answer.status == 503:
            assert int(answer.headers["retry-after"]) > 0
        elif answer.status != 200:
            assert code_of(answer)[0] in {403, 409}
            assert code_of(answer)[1] in {"link_used_up", "challenge_used", "challenge_over"}
    listed = link.listed()
    assert (listed["redemptions"], listed["state"]) == (1, "used_up")
    assert len(link.release.packet.hospital.audited("link.redeemed", link=link.id)) == 1
    (let_in,) = [json.loads(answer.body)["access_token"] for answer in answers if answer.status == 200]
    recipient = Caller(link.release.packet.hospital.installation, let_in)
    assert recipient.get(f"/redeemed/files/{link.release.packet.files[0].id}").body == b"a slide"


def test_of_two_hundred_right_passcodes_at_once_one_is_let_in(release) -> None:
    link = release.link(max_redemptions=1)
    answers = [link.answer() for _ in range(MANY // 10)]
    check_redeemed_once(link, redeemed_at_once(link, answers * 10))


def test_of_two_hundred_right_answers_to_one_mailed_code_one_is_let_in(release) -> None:
    link = release.link_by_code(max_redemptions=1)
    answer = link.answer()
    check_redeemed_once(link, redeemed_at_once(link, [answer] * MANY))


def test_of_two_hundred_visitors_half_with_wrong_codes_one_is_let_in_or_none(release) -> None:
    """Wrong answers close the challenge for the right one too: never more than one is let in."""
    link = release.link_by_code(max_redemptions=1)
    right = link.answer()
    wrong = {**right, "code": f"{(int(right['code']) + 1) % 10**6:06d}"}
    answers = redeemed_at_once(link, [right, wrong] * (MANY // 2))
    let_in = sum(answer.status == 200 for answer in answers)
    assert let_in == link.listed()["redemptions"] <= 1
    assert {answer.status for answer in answers} <= {200, 403, 409, 503}
    assert sum(answer.status == 403 for answer in answers) <= 5
