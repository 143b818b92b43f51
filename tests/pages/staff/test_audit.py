"""The audit log on the page of privacy officers: in plain words, verified, exported; and for nobody else."""

import ast
import csv
import io
import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.members import signed_in
from tests.stages import PUBLIC_URL
from transfer_service import identity, usecases
from transfer_service.domain.people import Role
from transfer_service.pages.staff import audit
from transfer_service.pages.staff.audit_words import ACTIONS
from transfer_service.usecases import audit_log

ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


@pytest.fixture
def officer(stages, visitor):
    signed_in(visitor, stages, Role.PRIVACY_OFFICER)
    visitor.get("/staff/audit")
    return visitor


def test_every_action_has_its_words():
    known = {
        node.value
        for room in (usecases, identity)
        for module in Path(room.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ACTION.fullmatch(node.value)
    }
    assert set(ACTIONS) == known


def test_entries_stand_in_plain_words_with_their_details(stages, officer):
    stage = stages.opened()
    page = officer.get("/staff/audit")
    assert "A packet was opened" in page.text
    assert "A member signed in" in page.text
    assert str(stage.packet.id) in page.text
    assert stages.audit()[-1].hash.hex() in page.text
    assert "Operator, at the command line" in page.text


def test_it_is_narrowed_to_an_action_and_a_packet(stages, officer):
    one, other = stages.opened(), stages.opened(accession_number="S26-2")
    page = officer.get(f"/staff/audit?action=packet.opened&packet={one.packet.id}")
    assert page.text.count("<dt>action</dt>") == 1
    assert str(other.packet.id) not in page.text
    assert "No entry is like that" in officer.get(f"/staff/audit?packet={uuid4()}").text


def test_a_filter_that_is_none_is_said_beside_its_field(officer):
    answer = officer.get("/staff/audit?action=packet.eaten&packet=12")
    assert answer.status_code == 422
    assert all(f'id="{name}-error"' in answer.text for name in ("action", "packet"))
    assert officer.get("/staff/audit?cursor=nonsense").status_code == 400


def test_it_has_pages(officer, monkeypatch):
    monkeypatch.setattr(audit, "PAGE", 3)
    first = officer.get("/staff/audit")
    following = officer.get(re.search(r'href="([^"]+)"[^>]*>Next page', first.text)[1].replace("&amp;", "&"))
    numbers = [int(each) for page in (first, following) for each in re.findall(r'scope="row">(\d+)<', page.text)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 6


def test_it_is_verified_and_says_where_it_breaks(stages, officer):
    head = len(stages.audit())
    assert f"All of it holds: {head} entries" in officer.submit("/staff/audit/verify").text
    stages.kept.drop_triggers()
    stages.kept.execute("UPDATE audit_entries SET action = 'packet.eaten' WHERE seq = 3")
    answer = officer.submit("/staff/audit/verify")
    assert answer.status_code == 200
    assert "number 3" in answer.text


def test_the_export_is_the_filtered_log_read_in_pages_and_is_recorded_first(stages, officer, monkeypatch):
    monkeypatch.setattr(audit_log, "AT_ONCE", 2)
    packet = str(stages.opened().packet.id)
    made = officer.post("/staff/audit/export", {"format": "jsonl"})
    entries = [json.loads(line) for line in made.data.splitlines()]
    assert made.headers["Content-Disposition"] == 'attachment; filename="audit-log.jsonl"'
    assert [entry["seq"] for entry in entries] == list(range(len(entries), 0, -1))
    assert entries[0]["action"] == "audit.exported"
    assert entries[0]["hash"] == stages.audit()[-1].hash.hex()
    table = officer.post("/staff/audit/export", {"format": "csv", "packet": packet, "action": "packet.opened"})
    (row,) = csv.DictReader(io.StringIO(table.data.decode("utf-8-sig"), newline=""))
    assert json.loads(row["subject"]) == {"packet": packet}
    assert dict(stages.audit()[-1].facts) == {"format": "csv", "action": "packet.opened"}


def test_an_export_that_can_t_be_right_is_none(stages, officer):
    before = stages.rows()
    answer = officer.submit("/staff/audit/export", {"format": "xml", "action": "x.y", "packet": "1"})
    assert answer.status_code == 422
    assert all(f'id="{name}-error"' in answer.text for name in ("format", "action", "packet"))
    assert stages.rows() == before


@pytest.mark.parametrize("role", [Role.DEPOSITOR, Role.COORDINATOR, Role.ADMIN])
def test_nobody_else_reads_verifies_or_exports_it(stages, visitor, role):
    signed_in(visitor, stages, role)
    visitor.get("/staff")
    before = stages.rows()
    assert visitor.client.get("/staff/audit", base_url=PUBLIC_URL).status_code == 403
    for act in ("verify", "export"):
        assert visitor.post(f"/staff/audit/{act}", {"format": "csv"}).status_code == 403
    assert stages.rows() == before


def test_another_hospital_s_officer_reads_their_own(stages, visitor):
    packet = stages.opened().packet
    signed_in(visitor, stages, Role.PRIVACY_OFFICER, department=stages.enrolled("Other").pathology)
    assert str(packet.id) not in visitor.get("/staff/audit").text
    assert packet.id.hex not in visitor.post("/staff/audit/export", {"format": "jsonl"}).text.replace("-", "")
