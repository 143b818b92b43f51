"""Ids of other people, wherever a request can name one (A02, A03, B11): they do what unknown ids do, as fast."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import CASE, RECIPIENT, Api, Caller, words_of
from tests.api.scenes import Scene
from tests.stages import Stage

CALLS = 300


@pytest.fixture
def scene(api: Api) -> Scene:
    return Scene(api)


FILE_CALLS: dict[str, Callable[[Caller, str], TestResponse]] = {
    "show": lambda caller, path: caller.get(path),
    "list parts": lambda caller, path: caller.get(f"{path}/parts"),
    "put a part": lambda caller, path: caller.put(f"{path}/parts/1", data=b"other"),
    "complete": lambda caller, path: caller.post(f"{path}/complete", {"sha256": "ab" * 32}),
    "complete without a word": lambda caller, path: caller.post(f"{path}/complete"),
    "delete": lambda caller, path: caller.delete(path),
}


@pytest.mark.parametrize("call", FILE_CALLS)
def test_a_file_is_not_reached_through_another_packet_of_the_same_department(scene: Scene, call: str) -> None:
    scene.received()
    other = scene.stages.opened()
    unknown = words_of(scene.api.coordinator.get(f"/packets/{uuid4()}"))
    before, stored = scene.stages.rows(), dict(scene.stages.store.contents)
    answer = FILE_CALLS[call](scene.api.coordinator, f"/packets/{other.packet.id}/files/{scene.file.id}")
    assert words_of(answer) == unknown
    assert scene.stages.rows() == before
    assert scene.stages.store.contents == stored
    answer = FILE_CALLS[call](scene.api.coordinator, f"/packets/{scene.open.packet.id}/files/{scene.file.id}")
    assert answer.status_code < 400 or call == "complete without a word"  # that one lacks the digest


def of_another_hospital(api: Api) -> dict[str, UUID]:
    """Ids that exist, elsewhere."""
    stranger = api.stranger()
    packet, recipient = stranger.post("/packets", {"case": CASE}), stranger.post("/recipients", RECIPIENT)
    plan = {"path": "a.svs", "size": 5, "kind": "slide", "transport": "gateway"}
    file = stranger.post(f"/packets/{packet.get_json()['id']}/files", plan)
    return {
        "department": UUID(packet.get_json()["department_id"]),
        "recipient": UUID(recipient.get_json()["id"]),
        "file": UUID(file.get_json()["id"]),
    }


def test_a_foreign_id_in_a_body_does_what_an_unknown_one_does(scene: Scene) -> None:
    foreign, api = of_another_hospital(scene.api), scene.api
    other: Stage = scene.stages.redeemed()  # of the same department, and another patient
    assert other.release is not None
    assert other.answer is not None
    to_release, to_link, to_redeem = scene.to_release(), scene.to_link(), scene.to_redeem()
    recipient = str(scene.stages.recipient.id)

    def asked(made: tuple[str, dict[str, Any]], **changes: object) -> tuple[int, dict[str, Any]]:
        path, body = made[0], {**made[1]["json"], **changes}
        return words_of(api.coordinator.post(path, body))

    def in_place_of(known: object) -> list[tuple[int, dict[str, Any]]]:
        return [
            asked(("/packets", {"json": {"case": CASE}}), contributing_department_ids=[str(known)]),
            asked(to_release, grants=[{"recipient_id": str(known)}]),
            asked(to_release, grants=[{"recipient_id": recipient, "file_ids": [str(known)]}]),
            asked(to_link, release_id=str(known)),
            asked(to_link, recipient_id=str(known)),
        ]

    before = scene.stages.rows()
    unknown = in_place_of(uuid4())
    for known in (*foreign.values(), other.packet.id, other.release.id, other.file.id):
        answers = in_place_of(known)
        # A release of the department itself is known, and of another packet: that is said no differently.
        assert answers == unknown, known
    assert scene.stages.rows() == before
    refused = words_of(api.anyone.post("/redeem", {**to_redeem[1]["json"], "challenge_id": str(uuid4())}))
    theirs = words_of(
        api.anyone.post("/redeem", {**to_redeem[1]["json"], "challenge_id": str(other.answer.challenge_id)})
    )
    assert theirs == refused


@pytest.mark.parametrize(
    "call",
    [
        lambda caller, ids: caller.get(f"/packets/{ids['packet']}"),
        lambda caller, ids: caller.get(f"/packets/{ids['packet']}/files/{ids['file']}"),
        lambda caller, ids: caller.get(f"/releases/{ids['release']}"),
        lambda caller, ids: caller.post(f"/links/{ids['link']}/revoke"),
    ],
    ids=["packet", "file", "release", "link"],
)
def test_a_foreign_id_takes_as_long_to_refuse_as_an_unknown_one(
    scene: Scene, call: Callable[..., TestResponse]
) -> None:
    """One after the other, so that whatever slows the machine slows both; a median minds no pauses."""
    stranger, stage = scene.callers["stranger"], scene.stage
    assert stage.release is not None
    assert stage.link is not None
    foreign = {"packet": stage.packet.id, "file": stage.file.id, "release": stage.release.id, "link": stage.link.id}
    took: dict[str, list[int]] = {"foreign": [], "unknown": []}
    for _ in range(CALLS // 2):
        for which, ids in (("foreign", foreign), ("unknown", dict.fromkeys(foreign, uuid4()))):
            began = time.perf_counter_ns()
            answer = call(stranger, ids)
            took[which].append(time.perf_counter_ns() - began)
            assert answer.status_code == 404
    slower, faster = sorted((median(took["foreign"]), median(took["unknown"])), reverse=True)
    assert slower < 2 * faster, took
