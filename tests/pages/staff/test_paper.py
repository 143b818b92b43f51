"""A form signed on paper, at the pages of staff: one brings its scan, another compares and confirms."""

import re
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import SCAN, sha256_hex
from transfer_service.domain.people import Role
from transfer_service.domain.release import Medium, ReleaseState

META = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
WRITTEN = {"name": "Ada Example", "signer": "patient", "signed_on": "2026-05-12"}


def address(stage, rest=""):
    return f"/staff/releases/{stage.release.id}/paper{rest}"


def release_now(stages, stage):
    return stages.journey.releases.one(stages.hospital.privacy_officer, stage.release.id)


def written(scan=SCAN, **changes):
    return WRITTEN | {"document_sha256": sha256_hex(scan)} | changes


def test_a_coordinator_finds_the_form_to_print_and_where_to_send_its_scan(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.asked_on_paper()
    page = visitor.get(address(stage)).text
    assert f"/staff/releases/{stage.release.id}/form.pdf" in page
    assert f'data-scan="/api/v1/releases/{stage.release.id}/paper"' in page
    assert "curl -H" in page
    assert META.search(page)


def test_another_member_looks_at_the_scan_and_confirms_it_twice_is_once(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.scanned()
    page = visitor.get(address(stage)).text
    assert "C. Weaver" in page
    shown = visitor.get(address(stage, "/scan"))
    assert (shown.data, shown.mimetype) == (SCAN, "application/pdf")
    assert shown.headers["Content-Disposition"].startswith("attachment")
    assert stages.actions()[-1] == "release.paper_shown"
    visitor.get(address(stage))
    for _ in range(2):
        assert visitor.post(address(stage), written()).status_code == 303
    release = release_now(stages, stage)
    assert release.state is ReleaseState.SIGNED
    assert (release.signature.medium, release.signature.name) == (Medium.PAPER, "Ada Example")
    assert stages.actions().count("release.signed") == 1


def test_everything_that_is_wrong_is_said_at_once_and_what_was_typed_is_kept(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.scanned()
    visitor.get(address(stage))
    answer = visitor.submit(address(stage), written(name="", signer="somebody", authority="Mother", signed_on="soon"))
    assert answer.status_code == 422
    for name in ("name", "signer", "authority", "signed_on"):
        assert f'href="#{name}"' in answer.text
        assert f'id="{name}"' in answer.text
    assert 'value="Mother"' in answer.text
    assert visitor.post(address(stage), written(signer="representative")).status_code == 422
    for day in ("2026-05-14", "2026-05-01"):
        assert visitor.post(address(stage), written(signed_on=day)).status_code == 422
    assert release_now(stages, stage).state is ReleaseState.AWAITING_CONFIRMATION


def test_a_scan_that_was_replaced_meanwhile_has_to_be_looked_at_again(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.scanned()
    visitor.get(address(stage))
    better = SCAN + b", better"
    stages.scanned(better, of=stage)
    answer = visitor.post(address(stage), written())
    assert answer.status_code == 409
    assert "replaced" in answer.text
    assert sha256_hex(better) in answer.text
    assert release_now(stages, stage).state is ReleaseState.AWAITING_CONFIRMATION


def test_who_brought_the_scan_is_offered_no_confirmation_and_refused_one(stages, visitor):
    """The member's own scan: it comes by the API, as the page's script sends it."""
    colleague = signed_in(visitor, stages)
    stage = stages.scanned()
    stages.execute(f"UPDATE release_documents SET made_by = '{colleague.id.hex}'")
    page = visitor.get(address(stage)).text
    assert "Another member of staff has to compare" in page
    assert 'name="signed_on"' not in page
    answer = visitor.post(address(stage), written())
    assert answer.status_code == 403
    assert stages.actions()[-1] == "release.paper_refused"


def test_a_privacy_officer_confirms_and_brings_none(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    stage = stages.scanned()
    page = visitor.get(address(stage)).text
    assert "data-scan=" not in page
    assert visitor.post(address(stage), written()).status_code == 303
    assert release_now(stages, stage).state is ReleaseState.SIGNED


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.ADMIN])
def test_depositors_and_admins_see_no_scan_and_confirm_none(stages, visitor, role):
    signed_in(visitor, stages, role)
    stage = stages.scanned()
    assert {visitor.get(address(stage, rest)).status_code for rest in ("", "/scan")} == {403}
    visitor.get("/staff")
    assert visitor.post(address(stage), written()).status_code == 403
    assert release_now(stages, stage).state is ReleaseState.AWAITING_CONFIRMATION


def test_a_foreign_form_is_the_same_404_as_none(stages, visitor):
    stage = stages.scanned()
    signed_in(visitor, stages, department=stages.enrolled("St. Barbara").pathology)
    for id_ in (stage.release.id, uuid4()):
        paths = (f"/staff/releases/{id_}/paper", f"/staff/releases/{id_}/paper/scan")
        assert {visitor.get(path).status_code for path in paths} == {404}
        visitor.get("/staff")
        assert visitor.post(paths[0], written()).status_code == 404


def test_after_it_was_signed_on_the_page_there_is_nothing_to_confirm(stages, visitor):
    signed_in(visitor, stages)
    stage = stages.signed()
    assert visitor.get(address(stage)).status_code == 303
    visitor.get("/staff")
    assert visitor.post(address(stage), written()).status_code == 303
