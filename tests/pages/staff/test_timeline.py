"""The timeline as staff read it: sentences, who, when, from where, how much; to each role as policy has it."""

import re
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import ORIGIN
from tests.usecases.test_audit_of_changes import RECORDED
from transfer_service.domain.people import Role
from transfer_service.errors import LinkRevoked, NotAllowed
from transfer_service.pages.staff.timeline_sentences import LINES

#: Entries of these are about no packet.
OF_NO_PACKET = {
    "organization", "department", "token", "recipient", "template", "webhook", "mail", "member", "session", "audit",
}  # fmt: skip


def address(stage):
    return f"/staff/packets/{stage.packet.id}/timeline"


def sentences(visitor):
    return [
        re.sub(r"<[^>]+>", "", each).strip()
        for each in re.findall(r"<li[^>]*>\s*<time.*?</li>", visitor.last.text, re.S)
    ]


def test_every_action_about_a_packet_that_the_log_can_have_is_a_sentence():
    known = {action for actions in RECORDED.values() for action in actions}
    missing = {action for action in known if action.partition(".")[0] not in OF_NO_PACKET} - LINES.keys()
    assert {action for action in missing if not action.startswith("slide_request.")} == set()


def test_a_coordinator_reads_who_did_what_when_and_from_where(stages, visitor):
    stage = stages.redeemed()
    stages.download(stage.actor, stage.files["slides/A1.svs"])
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    with pytest.raises(NotAllowed):
        stages.journey.releases.check_signs(stages.coordinator, stage.release.id, stages.now)
    signed_in(visitor, stages)
    assert visitor.get(address(stage)).status_code == 200
    for words in (
        "C. Weaver (coordinator) opened the packet.",
        "slides/A1.svs was read back, and is as it was sent.",
        "C. Weaver (coordinator) asked the patient for a release to Dr. R. Viewer.",
        "The patient signed the release to Dr. R. Viewer.",
        "C. Weaver (coordinator) issued a link to Dr. R. Viewer.",
        "Dr. R. Viewer proved who they are and redeemed the link.",
        "slides/A1.svs had gone to Dr. R. Viewer as a whole.",
        "12 bytes had left by then, of a file of 12 bytes.",
        "C. Weaver (coordinator) revoked the link of Dr. R. Viewer.",
        "Somebody used the link of Dr. R. Viewer and received nothing: this link was cancelled.",
        "C. Weaver (coordinator) tried to sign the release to Dr. R. Viewer, and was refused",
        "From 192.0.2.7.",
        "May 12, 2026, 09:30 UTC",
    ):
        assert words in visitor.text(), words
    newest = sentences(visitor)
    assert "tried to sign" in newest[0]
    visitor.get(f"{address(stage)}?order=oldest")
    assert sentences(visitor) == newest[::-1]


def test_a_download_that_broke_off_says_how_much_had_left(stages, visitor):
    stage = stages.redeemed()
    delivery = stages.journey.deliver.begin(stage.actor, stage.file.id, 0, 12, stages.now)
    stages.journey.deliver.stream(delivery).close()
    signed_in(visitor, stages)
    visitor.get(address(stage))
    assert "The file has not gone as a whole." in visitor.text()


def test_a_long_one_is_paged(stages, visitor):
    stage = stages.closed({f"a/{number}.dat": b"x" for number in range(40)})
    signed_in(visitor, stages)
    page = visitor.get(address(stage)).text
    first = sentences(visitor)
    assert len(first) == 100
    older = re.search(r'<a rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    visitor.get(older)
    second = sentences(visitor)
    assert second
    assert "To the beginning" in visitor.text()
    assert len(first) + len(second) == len(
        [e for e in stages.audit() if e.subject.get("packet") == str(stage.packet.id)]
    )
    assert visitor.get(f"{older}&order=oldest").status_code == 404
    assert visitor.get(f"{address(stage)}?after=nonsense").status_code == 404


def test_refusals_are_counted_where_there_were_very_many(stages, visitor):
    stage = stages.linked()
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    for _ in range(53):
        with pytest.raises(LinkRevoked):
            stages.journey.redeem.challenge(stage.link_secret, ORIGIN, stages.now)
    signed_in(visitor, stages)
    visitor.get(address(stage))
    assert "And 3 times more since, the last on May 12, 2026, 09:30 UTC." in visitor.text()


def test_a_depositor_reads_of_files_and_not_whom_they_went_to(stages, visitor):
    stage = stages.redeemed()
    stages.download(stage.actor, stage.file)
    signed_in(visitor, stages, Role.DEPOSITOR)
    page = visitor.get(address(stage))
    assert page.status_code == 200
    assert "opened the packet" in page.text
    assert "Viewer" not in page.text
    assert "Whom the files went to is told to" in page.text


@pytest.mark.parametrize(("role", "status"), [(Role.PRIVACY_OFFICER, 200), (Role.ADMIN, 403)])
def test_a_privacy_officer_reads_all_of_it_and_an_admin_nothing(stages, visitor, role, status):
    stage = stages.linked()
    signed_in(visitor, stages, role)
    answer = visitor.get(address(stage))
    assert answer.status_code == status
    assert ("Viewer" in answer.text) is (status == 200)


def test_a_foreign_packet_is_the_same_404_as_none(stages, visitor):
    stage = stages.linked()
    other = stages.department(stages.hospital.organization, "Radiology")
    signed_in(visitor, stages, department=other)
    for id_ in (stage.packet.id, uuid4()):
        answer = visitor.get(f"/staff/packets/{id_}/timeline")
        assert answer.status_code == 404
        assert "Ada" not in answer.text
