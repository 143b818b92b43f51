"""A tumour board: one authorization, several recipients, each with their own files and nothing of the others."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from tests.api.conftest import Api, Caller, code_of
from tests.api.test_release_and_link import link_body, release_body
from tests.stages import Stage
from transfer_service.domain.people import Recipient
from transfer_service.usecases.release import GrantDraft

CONTENTS = {
    "slides/A1.svs": b"for the pathologist",
    "mammograms/left.dcm": b"for the surgeon",
    "report.pdf": b"for both",
}
OWN = {"pathologist": "slides/A1.svs", "surgeon": "mammograms/left.dcm"}


@dataclass
class Board:
    """The redeemed link of each member, and who they are."""

    api: Api
    stage: Stage
    people: dict[str, Recipient]
    stages: dict[str, Stage]

    def caller(self, member: str) -> Caller:
        return self.api.recipient(self.stages[member])

    def of_others(self, member: str) -> Iterator[str]:
        """Whatever would tell of the other member: their file, name, address and link."""
        (other,) = {*OWN} - {member}
        file, person, stage = self.stage.files[OWN[other]], self.people[other], self.stages[other]
        assert stage.link is not None
        yield from (file.path, str(file.id), person.name, person.email, str(person.id), str(stage.link.id))


@pytest.fixture
def board(api: Api) -> Board:
    stages = api.stages
    stage = stages.closed(CONTENTS)
    people = {
        "pathologist": stages.recipient,
        "surgeon": stages.recipient_added(name="Dr. S. Urgeon", email="surgeon@board.test", organization="Board"),
    }
    grants = [
        GrantDraft(people[member].id, tuple(stage.files[path].id for path in (own, "report.pdf")))
        for member, own in OWN.items()
    ]
    stage = stages.signed(of=stages.in_session(of=stages.released(of=stage, grants=grants)))
    redeemed = {
        member: stages.redeemed(of=stages.linked(of=copy(stage), recipient_id=person.id))
        for member, person in people.items()
    }
    return Board(api, stage, people, redeemed)


@pytest.mark.parametrize("member", OWN)
def test_each_member_sees_their_own_release_manifest_and_nothing_of_the_others(board: Board, member: str) -> None:
    answer = board.caller(member).get("/redeemed")
    shown = answer.get_json()
    expected = sorted([OWN[member], "report.pdf"])
    assert sorted(file["path"] for file in shown["files"]) == expected
    assert sorted(file["path"] for file in shown["manifest"]["manifest"]["files"]) == expected
    assert [word for word in board.of_others(member) if word in answer.get_data(as_text=True)] == []


@pytest.mark.parametrize("member", OWN)
def test_each_member_s_archive_holds_their_own_files_alone(board: Board, member: str) -> None:
    with board.caller(member).get("/redeemed/archive.zip") as answer, ZipFile(BytesIO(answer.data)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    packed = {name.partition("/data/")[2] for name in contents} - {""}
    assert packed == {OWN[member], "report.pdf"}
    whole = b"\n".join([*contents.values(), *(name.encode() for name in contents)])
    assert [word for word in board.of_others(member) if word.encode() in whole] == []


@pytest.mark.parametrize("member", OWN)
def test_another_member_s_file_is_not_found(board: Board, member: str) -> None:
    (other,) = {*OWN} - {member}
    caller, file = board.caller(member), board.stage.files[OWN[other]]
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/redeemed/files/{file.id}", {}),
        ("HEAD", f"/redeemed/files/{file.id}", {}),
        ("POST", f"/redeemed/files/{file.id}/ticket", {"json": {}}),
    ]
    assert [caller.ask(method, path, **more).status_code for method, path, more in asked] == [404] * 3


def test_a_member_s_link_that_is_revoked_leaves_the_others(board: Board) -> None:
    link = board.stages["surgeon"].link
    assert link is not None
    assert board.api.coordinator.post(f"/links/{link.id}/revoke").status_code == 200
    assert code_of(board.caller("surgeon").get("/redeemed")) == (409, "link_revoked")
    file = board.stage.files[OWN["pathologist"]]
    with board.caller("pathologist").get(f"/redeemed/files/{file.id}") as answer:
        assert answer.data == CONTENTS[OWN["pathologist"]]
    states = {view["recipient_id"]: view["state"] for view in
              board.api.coordinator.get(f"/packets/{board.stage.packet.id}/links").get_json()["items"]}  # fmt: skip
    assert states == {str(board.people["pathologist"].id): "live", str(board.people["surgeon"].id): "revoked"}


def test_a_link_is_for_the_recipient_s_own_files_whoever_asks(board: Board) -> None:
    """Which files a link opens is the release's to say: a link that names any is refused."""
    release, person = board.stage.release, board.people["surgeon"]
    assert release is not None
    file_ids = [str(board.stage.files[OWN["pathologist"]].id)]
    body = link_body(board.api.stages, release.id, recipient_id=str(person.id))
    path = f"/packets/{board.stage.packet.id}/links"
    assert code_of(board.api.coordinator.post(path, {**body, "file_ids": file_ids})) == (422, "invalid")
    stranger = board.api.stages.recipient_added(name="Dr. N. Otnamed")
    unnamed = {**body, "recipient_id": str(stranger.id)}
    assert code_of(board.api.coordinator.post(path, unnamed)) == (409, "recipient_not_named")


def test_nobody_is_named_twice(api: Api) -> None:
    grant = {"recipient_id": str(api.stages.recipient.id)}
    body = release_body(api.stages, grants=[grant, grant])
    assert code_of(api.coordinator.post(f"/packets/{api.stages.closed().packet.id}/releases", body)) == (422, "invalid")
