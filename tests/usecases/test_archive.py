"""Everything as one ZIP: each file in it leaves as it would alone, recorded before its own first byte."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import a_patient_actor
from tests.stages import some_bytes
from tests.usecases.conftest import PART_BYTES
from transfer_service.domain.disclosure import Disclosure
from transfer_service.errors import LinkRevoked, NotAllowed, NotAuthenticated, ReleaseWithdrawn, SealBroken, Unavailable
from transfer_service.usecases import archive, permission, plaintext
from transfer_service.usecases.release import GrantDraft

CONTENTS = {
    "a first.svs": some_bytes(PART_BYTES * 2 + 7),
    "b empty": b"",
    "c/second.svs": some_bytes(1000),
    "d/Ä third.svs": some_bytes(PART_BYTES),
}


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    monkeypatch.setattr(plaintext, "READ_BYTES", 16_400)
    monkeypatch.setattr(archive, "READ_BYTES", 1000)


@pytest.fixture
def stage(stages):
    """A redeemed link to four files."""
    stage = stages.released(of=stages.closed(CONTENTS))
    return stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))


def looked(stages, stage):
    return stages.journey.archives.look(stage.actor, stages.now)


def fetched(stages, stage, start=0, stop=None):
    found = looked(stages, stage)
    return b"".join(
        stages.journey.archives.stream(stage.actor, found, start, found.size_bytes if stop is None else stop)
    )


def rows(stages, stage):
    """What was disclosed of each file in this redemption, by its path."""
    paths = {file.id: path for path, file in stage.files.items()}
    with stages.database.reading() as tx:
        found = tx.find(Disclosure, stage.link.organization_id, redemption_id=stage.actor.redemption_id)
    return {paths[row.file_id]: row for row in found if row.refused_code is None}


def place_of(whole, path):
    return whole.index(CONTENTS[path])


def test_the_archive_holds_every_released_file_and_no_other(stages):
    stage = stages.closed(CONTENTS)
    granted = GrantDraft(stages.recipient.id, (stage.files["c/second.svs"].id,))
    stage = stages.released(of=stage, grants=[granted])
    stage = stages.redeemed(of=stages.linked(of=stages.signed(of=stages.in_session(of=stage))))
    whole = fetched(stages, stage)
    assert CONTENTS["c/second.svs"] in whole
    assert CONTENTS["d/Ä third.svs"] not in whole
    assert b"first" not in whole


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_range_is_that_slice_of_the_whole(stages, stage, data):
    whole = fetched(stages, stage)
    stop = data.draw(st.integers(0, len(whole)))
    start = data.draw(st.integers(0, stop))
    assert fetched(stages, stage, start, stop) == whole[start:stop]


def test_it_is_the_same_bytes_in_another_redemption_at_another_time(stages, stage):
    whole, tag = fetched(stages, stage), looked(stages, stage).etag
    stages.clock.advance(timedelta(days=3))
    again = stages.redeemed(of=replace(stage))
    assert looked(stages, again).etag == tag
    assert fetched(stages, again) == whole


def test_looking_records_nothing(stages, stage):
    before = stages.rows()
    assert looked(stages, stage).size_bytes > sum(map(len, CONTENTS.values()))
    assert stages.rows() == before


def test_every_file_has_its_row_and_is_whole_once_all_of_it_left(stages, stage):
    fetched(stages, stage)
    found = rows(stages, stage)
    assert {path: row.bytes_sent for path, row in found.items()} == {path: len(data) for path, data in CONTENTS.items()}
    assert {row.completed_at for row in found.values()} == {stages.now}
    ours = [action for action in stages.actions() if action.startswith("disclosure.")]
    assert ours == ["disclosure.started", "disclosure.completed"] * 4


def test_the_bag_s_own_texts_disclose_no_file(stages, stage):
    whole = fetched(stages, stage)
    again = stages.redeemed(of=replace(stage))
    before = stages.actions()
    fetched(stages, again, 0, place_of(whole, "a first.svs"))
    fetched(stages, again, len(whole) - 500, len(whole))
    assert stages.actions() == before


def test_a_range_reads_and_records_what_it_touches_alone(stages, stage):
    whole = fetched(stages, stage)
    again, read = stages.redeemed(of=replace(stage)), []
    stages.store.before = read.append
    start = place_of(whole, "d/Ä third.svs") + 20_000
    fetched(stages, again, start, start + 10)
    assert read == ["read"]
    assert {path: row.spans for path, row in rows(stages, again).items()} == {"d/Ä third.svs": ((20_000, 20_010),)}


def test_several_ranges_make_a_file_whole_with_what_went_alone(stages, stage):
    middle = place_of(fetched(stages, stage), "a first.svs") + 1234
    again = stages.redeemed(of=replace(stage))
    fetched(stages, again, 0, middle)
    assert rows(stages, again)["a first.svs"].completed_at is None
    stages.download(again.actor, stage.files["a first.svs"], 1234, 5000)
    fetched(stages, again, middle + 3000)
    found = rows(stages, again)
    assert all(row.completed_at for row in found.values())
    assert found["a first.svs"].spans == ((0, len(CONTENTS["a first.svs"])),)


def test_a_file_is_recorded_before_its_first_byte_and_not_sooner(stages, stage):
    found, sent = looked(stages, stage), b""
    for block in stages.journey.archives.stream(stage.actor, found, 0, found.size_bytes):
        for path, data in CONTENTS.items():
            assert (path in rows(stages, stage)) or not data or block not in data
        sent += block
        if not any(data and data[:16] in sent for data in CONTENTS.values()):
            assert rows(stages, stage) == {}


@pytest.mark.parametrize("how", [LinkRevoked, ReleaseWithdrawn, NotAuthenticated])
@pytest.mark.parametrize("where", ["in the first file", "in a text"])
def test_what_ends_the_permission_ends_the_archive(stages, stage, monkeypatch, how, where):
    monkeypatch.setattr(permission, "CHECK_EVERY_S", 0.0)
    whole, found = fetched(stages, stage), looked(stages, stage)
    start = place_of(whole, "a first.svs") if where == "in the first file" else 0
    stream = stages.journey.archives.stream(stage.actor, found, start, found.size_bytes)
    next(stream)
    if how is LinkRevoked:
        stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    elif how is ReleaseWithdrawn:
        stages.journey.releases.withdraw(stage.patient, stage.release.id, stages.now)
    else:
        with stages.database.changing() as tx:
            tx.keep(replace(stages.session_of(stage.actor), revoked_at=stages.now))
    with pytest.raises(how):
        next(stream)
    with pytest.raises(how):
        looked(stages, stage)
    with pytest.raises(how):
        stages.journey.archives.check_live(stage.actor, stages.now)


def test_a_later_file_does_not_leave_once_the_link_is_revoked_however_fast_it_goes(stages, stage):
    found = looked(stages, stage)
    stream = stages.journey.archives.stream(stage.actor, found, 0, found.size_bytes)
    while "b empty" not in rows(stages, stage):
        next(stream)
    stages.journey.issue.revoke(stages.coordinator, stage.link.id, stages.now)
    with pytest.raises(LinkRevoked):
        list(stream)
    assert rows(stages, stage).keys() == {"a first.svs", "b empty"}


@pytest.mark.parametrize(("most_read", "asked"), [(50, 2), (0, 4)])
def test_what_was_logged_is_read_where_it_is_little_and_else_all_is_asked_again(
    stages, stage, monkeypatch, most_read, asked
):
    monkeypatch.setattr(permission, "MOST_READ", most_read)
    found, calls, live_link = looked(stages, stage), [], permission.live_link
    monkeypatch.setattr(permission, "live_link", lambda *given: calls.append(1) or live_link(*given))
    stream = stages.journey.archives.stream(stage.actor, found, 0, found.size_bytes)
    while "a first.svs" not in rows(stages, stage):
        next(stream)
    stages.recipient_added()
    list(stream)
    assert len(calls) == asked


def test_an_archive_that_is_given_up_counts_what_went(stages, stage):
    found = looked(stages, stage)
    stream = stages.journey.archives.stream(stage.actor, found, 0, found.size_bytes)
    while "c/second.svs" not in rows(stages, stage):
        next(stream)
    stream.close()
    done = {path: row.completed_at is not None for path, row in rows(stages, stage).items()}
    assert done == {"a first.svs": True, "b empty": True, "c/second.svs": True}
    assert rows(stages, stage)["c/second.svs"].bytes_sent == 1000


def test_a_tampered_file_ends_the_archive_before_it(stages, stage):
    whole, found = fetched(stages, stage), looked(stages, stage)
    key = stage.files["c/second.svs"].object_key
    stages.store.tamper(key, stages.store.contents[key][1][:-1] + b"\0")
    came = []
    with pytest.raises(SealBroken):
        came.extend(stages.journey.archives.stream(stage.actor, found, 0, found.size_bytes))
    assert b"".join(came) == whole[: place_of(whole, "c/second.svs")]


def test_where_nothing_can_be_recorded_no_file_leaves(stages, stage):
    stages.kept.refuse("INSERT", "disclosures")
    found, came = looked(stages, stage), []
    with pytest.raises((Unavailable, AssertionError)):
        came.extend(stages.journey.archives.stream(stage.actor, found, 0, found.size_bytes))
    assert CONTENTS["a first.svs"][:16] not in b"".join(came)


@pytest.mark.parametrize("who", ["staff", "patient"])
def test_nobody_but_a_recipient_has_an_archive(stages, who):
    actor = stages.hospital.privacy_officer if who == "staff" else a_patient_actor()
    with pytest.raises(NotAllowed):
        stages.journey.archives.look(actor, stages.now)
    with pytest.raises(NotAllowed):
        stages.journey.archives.check_live(actor, stages.now)
