"""/l, from the link to the bytes."""

import html
import json
import re
import shlex
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest

from tests.factories import an_event
from tests.stages import PUBLIC_URL, recipient_draft, wrong_code
from transfer_service.domain.link import Link, Verification
from transfer_service.usecases.release import GrantDraft

COPIED = re.compile(
    r'<input type="text" id="(?:address|command)" value="([^"]*)" readonly autocomplete="off" spellcheck="false">'
)
ODD_NAMES = {'slides/it\'s "A1".svs': b"a slide scan", "b.pdf": b"a report"}
PASSCODE = {"verification": Verification.PASSCODE, "passcode": "orange zebra 7"}


def link_now(stages, stage):
    with stages.database.reading() as tx:
        return tx.get(Link, stage.link.organization_id, stage.link.id)


@pytest.mark.parametrize("how", [{}, PASSCODE], ids=["mailed code", "passcode"])
def test_a_recipient_sees_what_was_released_and_downloads_it(stages, visitor, how):
    stage = stages.linked(**how)
    assert visitor.recipient_in(stages, stage, how.get("passcode")).status_code == 200
    text = visitor.text()
    for shown in (
        "Ada Example",
        "February 3, 1961",
        "MRN-0042",
        "S26-1234",
        "Is there invasion?",
        "Expires in 14 days",
    ):
        assert shown in text
    for hidden in ("ada@patient.test", "555 0100"):
        assert hidden not in text
    for file in stage.files.values():
        assert file.path in text
        assert stages.file_now(file).sha256 in text
        with visitor.get(visitor.ticket(f"/l/files/{file.id}")) as answer:
            assert answer.status_code == 200
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.data == stage.contents[file.path]


def test_everything_comes_as_one_zip_by_the_way_of_a_ticket(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    assert "2 files, 20 bytes" in visitor.text()
    ticket = visitor.ticket("/l/archive")
    somebody = visitor.client.application.test_client()  # the address is enough, as for a download manager
    with somebody.get(ticket, base_url=PUBLIC_URL) as download:
        assert download.headers["Content-Disposition"].startswith("attachment")
        with ZipFile(BytesIO(download.data)) as archive:
            folder = f"packet-{str(stage.packet.id)[:8]}"
            assert {archive.read(f"{folder}/data/{path}") for path in stage.contents} == {*stage.contents.values()}
    visitor.post("/l/sign-out")
    gone = somebody.get(ticket, base_url=PUBLIC_URL, headers={"Accept": "text/html"})
    assert gone.status_code == 404
    assert "This download address has ended" in gone.text


def test_a_ticket_is_made_by_the_form_on_the_page_alone(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    for path in ("/l/archive", "/l/address", f"/l/files/{stage.file.id}"):
        assert visitor.client.post(path, data={"csrf_token": "x"}, base_url=PUBLIC_URL).status_code == 400
        assert visitor.client.get(path, base_url=PUBLIC_URL).status_code in {404, 405}
    assert "ticket.made" not in stages.actions()


def test_redemptions_left_are_told(stages, visitor, another_visitor):
    stage = stages.linked(max_redemptions=2)
    visitor.recipient_in(stages, stage)
    assert "1 of 2" in visitor.text()
    another_visitor.recipient_in(stages, stage)
    assert "None of 2" in another_visitor.text()


def test_a_form_sent_twice_is_one_redemption(stages, visitor):
    stage = stages.linked(max_redemptions=1)
    visitor.get("/l")
    visitor.submit("/l", {"secret": stage.link_secret})
    cookie = visitor.client.get_cookie("__Host-session", "transfer.hospital.test", "/")
    fields = {"code": stages.code()}
    token = visitor.token()
    assert visitor.post("/l/code", fields).location == "/l/files"
    visitor.client.set_cookie("__Host-session", cookie.value, domain="transfer.hospital.test")
    again = visitor.client.post(
        "/l/code", data={**fields, "csrf_token": token}, base_url="https://transfer.hospital.test"
    )
    assert again.location == "/l/files"
    assert visitor.get("/l/files").status_code == 200
    assert link_now(stages, stage).redemptions == 1


def test_who_is_in_already_goes_on_with_the_same_link_uncounted(stages, visitor):
    stage = stages.linked(max_redemptions=1)
    visitor.recipient_in(stages, stage)
    visitor.get("/l")
    assert visitor.post("/l", {"secret": stage.link_secret}).location == "/l/files"
    assert link_now(stages, stage).redemptions == 1


def test_looking_at_the_page_of_files_counts_nothing(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    before = stages.rows()
    for path in ("/l", "/l/files", "/l/received", "/l/manifest"):
        visitor.get(path)
        visitor.client.head(path, base_url="https://transfer.hospital.test")
    assert stages.rows() == before


def test_a_range_and_a_head_are_answered_as_in_the_api(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    path, content = visitor.ticket(f"/l/files/{stage.file.id}"), stage.contents[stage.file.path]
    with visitor.get(path, headers={"Range": "bytes=2-5"}) as answer:
        assert answer.status_code == 206
        assert answer.data == content[2:6]
    head = visitor.client.head(path, base_url="https://transfer.hospital.test")
    assert head.headers["Content-Length"] == str(len(content))
    refused = visitor.get(path, headers={"Range": "bytes=999-"})
    assert refused.status_code == 416
    assert refused.headers["Content-Range"] == f"bytes */{len(content)}"


def test_a_file_that_was_not_granted_is_not_there(stages, visitor):
    stage, other = stages.linked(), stages.closed()
    visitor.recipient_in(stages, stage)
    for file_id in (other.file.id, stage.packet.id):
        for answer in (visitor.post(f"/l/files/{file_id}"), visitor.post("/l/address", {"file": str(file_id)})):
            assert answer.status_code == 404
            assert answer.mimetype == "text/html"
    assert visitor.post("/l/address", {"file": "nonsense"}).status_code == 404
    assert "ticket.made" not in stages.actions()


@pytest.mark.parametrize("what", ["everything", "a file"])
def test_an_address_for_another_program_is_shown_once_with_a_line_for_a_shell(stages, visitor, what):
    stage = stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stages.closed(ODD_NAMES)))))
    visitor.recipient_in(stages, stage)
    one = None if what == "everything" else stage.files['slides/it\'s "A1".svs']
    visitor.submit("/l/address", {"file": str(one.id) if one else ""})
    url, line = (html.unescape(value) for value in COPIED.findall(visitor.last.text))
    assert url.startswith(f"{PUBLIC_URL}/t/")
    assert url in line
    assert f'url = "{url}"' in shlex.split(line)
    assert shlex.split(line)[-1] == ('it\'s "A1".svs' if one else f"packet-{str(stage.packet.id)[:8]}.zip")
    with visitor.client.application.test_client().get(urlsplit(url).path, base_url=PUBLIC_URL) as download:
        assert download.status_code == 200
        assert one is None or download.data == stage.contents[one.path]
    assert urlsplit(url).path not in visitor.get("/l/files").text


def test_a_name_that_looks_like_an_option_is_none_in_the_line(stages, visitor):
    stage = stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stages.closed({"-": b"x"})))))
    visitor.recipient_in(stages, stage)
    visitor.submit("/l/address", {"file": str(stage.file.id)})
    assert html.unescape(COPIED.findall(visitor.last.text)[1]).endswith(" -o ./-")


def test_the_page_says_how_far_each_file_came_and_so_it_does_to_a_script(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    slide, report = stage.files["slides/A1.svs"], stage.files["reports/S26-1234.pdf"]
    assert visitor.get("/l/received").json == {}
    whole, part = visitor.ticket(f"/l/files/{slide.id}"), visitor.ticket(f"/l/files/{report.id}")
    visitor.get(whole).close()
    visitor.get(part, headers={"Range": "bytes=0-2"}).close()
    known = visitor.get("/l/received").json
    assert known[str(slide.id)] == {"said": "Downloaded completely on May 12, 2026.", "whole": True, "bytes": 12}
    assert known[str(report.id)] == {"said": "Downloaded in part: 3 bytes so far.", "whole": False, "bytes": 3}
    visitor.get("/l/files")
    for said in known.values():
        assert said["said"] in visitor.text()


def test_who_opens_the_link_once_more_sees_what_was_downloaded_before(stages, visitor, another_visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    visitor.get(visitor.ticket(f"/l/files/{stage.file.id}")).close()
    another_visitor.recipient_in(stages, stage)
    another_visitor.get(another_visitor.ticket(f"/l/files/{stage.file.id}"), headers={"Range": "bytes=0-1"}).close()
    another_visitor.get("/l/files")
    assert another_visitor.text().count("Downloaded completely on") == 1
    assert "Downloaded in part" not in another_visitor.text()


def test_a_script_that_looks_on_is_told_of_the_end_and_counts_as_no_attempt(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    before = stages.rows()
    answer = visitor.get("/l/received")
    assert answer.status_code == 409
    assert "This link was cancelled" in answer.text
    assert "+1 555 0111" in answer.text
    assert stages.rows() == before


def test_a_long_list_of_files_has_pages(stages, visitor):
    contents = {f"tiles/{number:03}": b"x" for number in range(102)}
    stage = stages.linked(of=stages.signed(of=stages.in_session(of=stages.released(of=stages.closed(contents)))))
    visitor.recipient_in(stages, stage)
    assert "102 files" in visitor.text()
    assert "Page 1 of 2" in visitor.text()
    assert "tiles/100" not in visitor.text()
    for asked in ("2", "9999"):
        visitor.get(f"/l/files?page={asked}")
        assert "tiles/101" in visitor.text()
    for asked in ("0", "-1", "x", "", "1" * 99):
        assert visitor.get(f"/l/files?page={asked}").status_code == 200
        assert "Page 1 of 2" in visitor.text()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=2), "Expires in 2 days"),
        (timedelta(hours=47), "Expires in 1 day."),
        (timedelta(hours=23), "Expires in 23 hours"),
        (timedelta(minutes=59), "Expires in less than an hour"),
    ],
)
def test_the_page_says_how_long_it_is_still_good_for(stages, visitor, left, said):
    stage = stages.linked()
    stages.clock.now = stage.link.expires_at - left
    visitor.recipient_in(stages, stage)
    assert said in visitor.text()


def test_a_wrong_code_tells_how_often_one_may_still_try(stages, visitor):
    stage = stages.linked()
    visitor.get("/l")
    visitor.submit("/l", {"secret": stage.link_secret})
    code = stages.code()
    assert visitor.submit("/l/code", {"code": wrong_code(code)}).status_code == 403
    assert "4 more times" in visitor.text()
    assert visitor.submit("/l/code", {"code": code}).status_code == 200


def test_a_passcode_is_asked_for_again_from_the_start_after_five_tries(stages, visitor):
    stage = stages.linked(**PASSCODE)
    visitor.get("/l")
    visitor.submit("/l", {"secret": stage.link_secret})
    for _ in range(5):
        assert visitor.submit("/l/code", {"code": "lemon"}).status_code == 403
    assert visitor.submit("/l/code", {"code": "orange zebra 7"}).status_code == 409
    assert "Try again from the start" in visitor.text()
    visitor.submit("/l/code/again")
    assert visitor.submit("/l/code", {"code": "orange zebra 7"}).status_code == 200


def test_what_is_no_code_is_asked_for_again_and_costs_no_try(stages, visitor):
    stage = stages.linked()
    visitor.get("/l")
    visitor.submit("/l", {"secret": stage.link_secret})
    for typed in ("", "   ", "abc", "1" * 33, "\x00\x00", ["123456", "123456"]):
        assert visitor.submit("/l/code", {"code": typed}).status_code == 422
    assert link_now(stages, stage).wrong_answers == 0


def expire(stages, stage):
    stages.clock.now = stage.link.expires_at


def revoke(stages, stage):
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)


def withdraw(stages, stage):
    stages.journey.releases.withdraw(stages.coordinator, stage.release.id, stages.now)


def use_up(stages, stage):
    stages.redeemed(of=stage)


def lock(stages, stage):
    with stages.database.changing() as tx:
        locked = replace(
            tx.get(Link, stage.link.organization_id, stage.link.id), wrong_answers=stages.limits.wrong_answers
        )
        tx.save(an_event(stages.coordinator, "link.refused"), locked)


def change_recipient(stages, stage):  # noqa: ARG001 - as every other end
    draft = recipient_draft(email="new@review.test")
    stages.journey.recipients.change(stages.coordinator, stages.recipient.id, draft, stages.now)


def retire(stages, stage):
    stages.journey.retire.retire(stages.coordinator, stage.packet.id, stages.now)


ENDS = [
    (expire, "This link has expired"),
    (revoke, "This link was cancelled"),
    (withdraw, "The permission was withdrawn"),
    (use_up, "This link has been used up"),
    (lock, "This link is locked"),
    (retire, "The files are gone"),
    (change_recipient, "This link does not open any more"),
]


@pytest.mark.parametrize(("end", "title"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_a_link_that_is_over_says_why_and_whom_to_call_and_not_whose_it_was(stages, visitor, end, title):
    stage = stages.linked(max_redemptions=1)
    end(stages, stage)
    visitor.get("/l")
    answer = visitor.submit("/l", {"secret": stage.link_secret})
    assert answer.status_code == 409
    text = visitor.text()
    for shown in (title, "Pathology", "St. Agatha", "+1 555 0111"):
        assert shown in text
    for hidden in ("Ada", "MRN", "S26", "Viewer", str(stage.packet.id)):
        assert hidden not in text


@pytest.mark.parametrize("end", [revoke, withdraw, retire])
def test_the_page_of_files_ends_with_the_link_and_says_whom_to_call(stages, visitor, end):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    end(stages, stage)
    for ask in (lambda: visitor.get("/l/files"), lambda: visitor.submit(f"/l/files/{stage.file.id}")):
        visitor.get("/l")
        answer = ask()
        assert answer.status_code == 409
        assert "+1 555 0111" in visitor.text()
        assert "Ada" not in visitor.text()


def test_a_recipient_s_session_ends_after_a_day(stages, visitor):
    visitor.recipient_in(stages, stages.linked())
    stages.clock.advance(timedelta(hours=24))
    assert visitor.get("/l/files").status_code == 401


def test_the_signed_list_of_files_can_be_kept(stages, visitor):
    stage = stages.linked()
    visitor.recipient_in(stages, stage)
    kept = json.loads(visitor.get("/l/manifest").data)
    assert set(kept) == {"manifest", "signature", "key_id"}
    assert stage.file.path in json.dumps(kept["manifest"])


def test_the_code_page_without_a_link_leads_to_the_start(visitor):
    assert visitor.get("/l/code").location == "/l"


def test_an_answer_without_a_link_is_no_session(visitor):
    visitor.get("/l")
    assert visitor.submit("/l/code", {"code": "123456"}).status_code == 401
    visitor.get("/l")
    assert visitor.submit("/l/code/again").status_code == 401


def test_a_recipient_s_page_shows_nothing_of_another_s_files(stages, visitor):
    surgeon = stages.recipient_added(name="Dr. S. Urgeon", email="surgeon@board.test")
    closed = stages.closed()
    slide, report = closed.files["slides/A1.svs"], closed.files["reports/S26-1234.pdf"]
    grants = [GrantDraft(stages.recipient.id, (slide.id,)), GrantDraft(surgeon.id, (report.id,))]
    stage = stages.signed(of=stages.in_session(of=stages.released(of=closed, grants=grants)))
    visitor.recipient_in(stages, stages.linked(of=stage))
    assert slide.path in visitor.text()
    for hidden in (report.path, str(report.id), "Dr. S. Urgeon", "surgeon@board.test"):
        assert hidden not in visitor.last.text
    assert visitor.post(f"/l/files/{report.id}").status_code == 404


def test_a_recipient_who_is_another_now_is_told_what_that_takes(stages, visitor):
    stage = stages.linked()
    change_recipient(stages, stage)
    visitor.get("/l")
    visitor.submit("/l", {"secret": stage.link_secret})
    assert "that takes a new permission" in visitor.text()
