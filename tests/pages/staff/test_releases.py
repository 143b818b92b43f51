"""The page of a packet's releases: asked for, seen signed, withdrawn, by whoever may, once each."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.factories import DAY
from tests.members import signed_in
from tests.stages import ATTESTATION, recipient_draft
from transfer_service.domain.people import Role
from transfer_service.domain.release import Basis, Medium, ReleaseState
from transfer_service.errors import NotFound

FORM_ID = re.compile(r'name="form_id" value="([^"]+)"')
LETTER = re.compile(r'name="letter" value="([^"]+)"')


def address(stage, rest=""):
    return f"/staff/packets/{stage.packet.id}/release{rest}"


def releases_of(stages, stage):
    return stages.journey.releases.of_packet(stages.hospital.privacy_officer, stage.packet.id)


def chosen(visitor, stage, *recipients):
    """The second half of the form, for these recipients."""
    visitor.get(address(stage, "/new"))
    return visitor.submit(address(stage, "/new"), {"recipient": [str(each.id) for each in recipients]})


def terms(visitor, *recipients, **changes):
    """The form that asks, filled in."""
    form = {
        "recipient": [str(each.id) for each in recipients],
        "purpose": "Second opinion",
        "expires_on": "2026-08-01",
        "signing": "page",
        "language": "en",
        "form_id": FORM_ID.search(visitor.last.text)[1],
        **{f"files-{each.id}": "all" for each in recipients},
    }
    return form | changes


def test_a_coordinator_chooses_whom_and_what_and_the_patient_gets_a_letter(stages, visitor):
    signed_in(visitor, stages, Role.COORDINATOR)
    stage = stages.closed()
    assert "Nobody has been asked yet" in visitor.get(address(stage)).text
    assert "Dr. R. Viewer" in visitor.get(address(stage, "/new")).text
    assert "slides/A1.svs" in chosen(visitor, stage, stages.recipient).text
    page = visitor.submit(address(stage), terms(visitor, stages.recipient))
    assert page.status_code == 200
    assert "Waits for the patient" in visitor.text()
    (release,) = releases_of(stages, stage)
    assert (release.state, release.purpose) == (ReleaseState.REQUESTED, "Second opinion")
    assert release.expires_at.isoformat() == "2026-08-01T23:59:59+00:00"
    assert set(release.grants[0].file_ids) == {file.id for file in stage.files.values()}
    assert stages.letter_secret(release)


def test_each_recipient_has_their_own_choice_of_files(stages, visitor):
    signed_in(visitor, stages)
    stage, other = stages.closed(), stages.recipient_added(name="Dr. S. Other", email="other@review.test")
    chosen(visitor, stage, stages.recipient, other)
    form = terms(visitor, stages.recipient, other, **{f"files-{other.id}": "some", f"file-{other.id}": ["1"]})
    assert visitor.post(address(stage), form).status_code == 303
    (release,) = releases_of(stages, stage)
    paths = {file.id: path for path, file in stage.files.items()}
    assert len(release.grant_to(stages.recipient.id).file_ids) == 2
    assert [paths[each] for each in release.grant_to(other.id).file_ids] == ["slides/A1.svs"]
    assert "1 of 2 files" in visitor.get(address(stage)).text


def test_of_very_many_files_whole_folders_are_chosen(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.closed({f"{folder}/{number}.dat": b"x" for folder in "ab" for number in range(151)})
    page = chosen(visitor, stage, stages.recipient)
    assert "a/" in page.text
    assert "151 files" in page.text
    mine = f"files-{stages.recipient.id}"
    form = terms(visitor, stages.recipient, **{mine: "some", f"file-{stages.recipient.id}": ["0"]})
    assert visitor.post(address(stage), form).status_code == 303
    assert len(releases_of(stages, stage)[0].grants[0].file_ids) == 151


def test_the_form_sent_twice_asks_once(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.closed()
    chosen(visitor, stage, stages.recipient)
    form = terms(visitor, stages.recipient)
    assert visitor.post(address(stage), form).location == visitor.post(address(stage), form).location
    assert len(releases_of(stages, stage)) == 1
    assert stages.actions().count("release.requested") == 1
    assert visitor.post(address(stage), form | {"purpose": "A third opinion"}).status_code == 303
    assert len(releases_of(stages, stage)) == 2


def test_everything_that_is_wrong_is_said_at_once_and_what_was_typed_is_kept(stages, visitor):
    stages.treatment_allowed()
    signed_in(visitor, stages)
    stage = stages.closed()
    chosen(visitor, stage, stages.recipient)
    form = terms(
        visitor,
        stages.recipient,
        purpose="x" * 1001,
        expires_on="2020-02-30",
        event="\x07",
        basis="authorization",
        attestation="Because.",
        signing="pigeon",
        language="eo",
        **{f"files-{stages.recipient.id}": "some"},
    )
    answer = visitor.submit(address(stage), form)
    assert answer.status_code == 422
    for name in (
        "purpose",
        "expires_on",
        "event",
        "attestation",
        "signing",
        "language",
        f"files-{stages.recipient.id}",
    ):
        assert f'href="#{name}"' in answer.text, name
        assert f'id="{name}"' in answer.text, name
    assert "x" * 1001 in answer.text
    assert "Because." in answer.text
    assert releases_of(stages, stage) == []
    again = {key: value for key, value in form.items() if key != "purpose"}
    assert FORM_ID.search(answer.text)[1] == again["form_id"]


@pytest.mark.parametrize(
    ("day", "sentence"), [("2026-05-11", "over"), ("2027-05-13", "too far"), ("tomorrow", "year, month and day")]
)
def test_the_last_day_is_one_to_come_within_a_year(stages, visitor, day, sentence):
    signed_in(visitor, stages)
    stage = stages.closed()
    chosen(visitor, stage, stages.recipient)
    answer = visitor.post(address(stage), terms(visitor, stages.recipient, expires_on=day))
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize("wanted", [[], ["nobody"], ["5f0c6f5e-0e3c-4d52-9d53-1c3f4a4d7f10"]])
def test_nobody_and_strangers_can_t_be_chosen(stages, visitor, wanted):
    signed_in(visitor, stages)
    stage = stages.closed()
    visitor.get(address(stage, "/new"))
    assert visitor.post(address(stage, "/new"), {"recipient": wanted}).status_code == 422
    assert visitor.post(address(stage), {"recipient": wanted}).status_code == 422
    assert releases_of(stages, stage) == []


def test_a_recipient_of_another_organization_is_a_stranger(stages, visitor):
    signed_in(visitor, stages)
    stage, elsewhere = stages.closed(), stages.enrolled("St. Barbara")
    foreign = stages.journey.recipients.add(elsewhere.coordinator, recipient_draft(name="Dr. F. Foreign"), stages.now)
    assert "Foreign" not in visitor.get(address(stage, "/new")).text
    assert visitor.post(address(stage, "/new"), {"recipient": [str(foreign.id)]}).status_code == 422


def test_an_open_packet_says_why_nothing_can_be_asked(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.opened()
    page = visitor.get(address(stage))
    assert "once the packet is closed" in page.text
    assert "/release/new" not in page.text
    assert visitor.get(address(stage, "/new")).location == address(stage)
    visitor.get(address(stage))
    for path in (address(stage), address(stage, "/new")):
        assert visitor.post(path, {"recipient": [str(stages.recipient.id)]}).location == address(stage)


def test_of_somebody_without_an_address_the_signature_is_asked_on_paper(stages, visitor):
    signed_in(visitor, stages)
    case = stages.opened().packet.case
    stage = stages.closed(of=None, patient=replace(case.patient, email=None))
    chosen(visitor, stage, stages.recipient)
    refused = visitor.post(address(stage), terms(visitor, stages.recipient))
    assert refused.status_code == 409
    assert "ask on paper" in refused.text
    assert visitor.post(address(stage), terms(visitor, stages.recipient, signing="paper")).status_code == 303
    assert releases_of(stages, stage)[0].signing is Medium.PAPER


def test_for_treatment_where_the_department_may(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.closed()
    chosen(visitor, stage, stages.recipient)
    form = terms(visitor, stages.recipient, basis="treatment", attestation=ATTESTATION)
    assert visitor.post(address(stage), form).status_code == 422  # it may not
    stages.treatment_allowed()
    assert visitor.submit(address(stage), form).status_code == 200
    assert releases_of(stages, stage)[0].basis is Basis.TREATMENT
    assert "For treatment" in visitor.text()
    assert ATTESTATION in visitor.text()


@pytest.mark.parametrize(
    ("stage_of", "state"),
    [
        ("released", "Waits for the patient"),
        ("signed", "Signed"),
        ("scanned", "Waits for confirmation"),
        ("attested", "For treatment"),
    ],
)
def test_each_state_is_told_in_plain_words(stages, visitor, stage_of, state):
    signed_in(visitor, stages)
    stage = getattr(stages, stage_of)()
    visitor.get(address(stage))
    assert state in visitor.text()


def test_a_release_that_ended_by_itself_is_expired_and_offers_nothing(stages, visitor):
    stage = stages.linked()
    stages.clock.advance(91 * DAY)
    signed_in(visitor, stages)
    page = visitor.get(address(stage)).text
    assert "Expired" in page
    assert "/withdraw" not in page
    assert f"/staff/releases/{stage.release.id}/links" not in page


def test_the_letter_is_sent_again_once_however_often_one_clicks(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.released()
    page = visitor.get(address(stage)).text
    assert "Sent on" in page
    letter = {"letter": LETTER.search(page)[1]}
    stages.clock.advance(timedelta(minutes=1))
    path = f"/staff/releases/{stage.release.id}/resend"
    for _ in range(2):
        assert visitor.post(path, letter).status_code == 303
    assert stages.actions().count("release.resent") == 1
    assert stages.letter_secret() != stage.letter_secret


def test_a_letter_of_a_release_long_over_is_refused_in_words(stages, visitor):
    stage = stages.released()
    stages.clock.advance(200 * DAY)
    signed_in(visitor, stages)
    assert "/resend" not in visitor.get(address(stage)).text
    answer = visitor.post(f"/staff/releases/{stage.release.id}/resend")
    assert answer.status_code == 409
    assert "over for too long" in answer.text


def test_the_form_comes_as_a_pdf_signed_or_to_be_signed(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.released()
    answer = visitor.get(f"/staff/releases/{stage.release.id}/form.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_whoever_oversees_releases_withdraws_on_the_patient_s_word_twice_is_once(stages, visitor, role):
    signed_in(visitor, stages, role)
    stage = stages.linked()
    path = f"/staff/releases/{stage.release.id}/withdraw"
    assert path in visitor.get(address(stage)).text
    assert "stay with whoever has them" in visitor.get(path).text
    wrong = visitor.submit(path, {"note": "y" * 1001})
    assert wrong.status_code == 422
    assert 'href="#told_by"' in wrong.text
    assert 'href="#note"' in wrong.text
    assert "y" * 1001 in wrong.text
    for _ in range(2):
        assert visitor.post(path, {"told_by": "phone", "note": "Called."}).status_code == 303
    assert stages.actions().count("release.withdrawn") == 1
    page = visitor.get(address(stage)).text
    assert "Withdrawn" in page
    assert "Called." in page
    assert "Release withdrawn" in page
    assert visitor.get(path).status_code == 303


def test_a_privacy_officer_reads_and_asks_for_nothing(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    stage = stages.released()
    page = visitor.get(address(stage))
    assert "Waits for the patient" in page.text
    assert "/release/new" not in page.text
    assert "/resend" not in page.text
    assert visitor.get(address(stage, "/new")).status_code == 403
    visitor.get(address(stage))
    before = stages.rows()
    for path in (address(stage), address(stage, "/new"), f"/staff/releases/{stage.release.id}/resend"):
        assert visitor.post(path, {"recipient": [str(stages.recipient.id)]}).status_code == 403
    assert stages.rows() == before


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.ADMIN])
def test_depositors_and_admins_know_nothing_of_releases(stages, visitor, role):
    signed_in(visitor, stages, role)
    stage = stages.linked()
    visitor.get("/staff")
    before = stages.rows()
    id_ = stage.release.id
    gets = (
        address(stage),
        address(stage, "/new"),
        f"/staff/releases/{id_}/withdraw",
        f"/staff/releases/{id_}/form.pdf",
    )
    posts = (address(stage), address(stage, "/new"), f"/staff/releases/{id_}/withdraw", f"/staff/releases/{id_}/resend")
    assert {visitor.get(path).status_code for path in gets} == {403}
    visitor.get("/staff")
    answers = {visitor.post(path, {"told_by": "phone"}).status_code for path in posts}
    assert answers == {403}
    assert stages.rows() == before


def test_what_is_of_another_department_is_the_same_404_as_what_is_not_there(stages, visitor):
    stage = stages.linked()
    other = stages.department(stages.hospital.organization, "Radiology")
    signed_in(visitor, stages, department=other)
    for release, packet in ((stage.release.id, stage.packet.id), (uuid4(), uuid4())):
        for path in (
            f"/staff/packets/{packet}/release",
            f"/staff/packets/{packet}/release/new",
            f"/staff/releases/{release}/withdraw",
            f"/staff/releases/{release}/form.pdf",
        ):
            answer = visitor.get(path)
            assert answer.status_code == 404
            assert "Ada" not in answer.text
        visitor.get("/staff")
        for path in (f"/staff/releases/{release}/withdraw", f"/staff/releases/{release}/resend"):
            assert visitor.post(path, {"told_by": "phone"}).status_code == 404
    with pytest.raises(NotFound):
        stages.journey.releases.one(stages.staff(other, Role.COORDINATOR), stage.release.id)


def test_no_address_or_title_names_the_patient(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.linked()
    for path in (address(stage), address(stage, "/new"), f"/staff/releases/{stage.release.id}/withdraw"):
        page = visitor.get(path).text
        (title,) = re.findall(r"<title>(.*?)</title>", page)
        for found in (title, *re.findall(r'(?:href|action|src)="([^"]*)"', page)):
            assert not re.search(r"Ada|MRN|S26", found)
