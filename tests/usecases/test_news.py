"""What is new since the form that the patient signed for the packet that this one starts from."""

from datetime import timedelta

import pytest

from tests.factories import a_recipient_actor
from transfer_service.errors import NotAllowed
from transfer_service.usecases.release import GrantDraft


def news(stages, stage):
    """As the patient's session has it, which is what a later look has too."""
    session = stages.patient_session(stage.letter_secret)
    assert stages.journey.patients.news(stages.patient_actor(session)) == session.news
    return session.news


def paths(files):
    return [file.path for file in files]


def next_closed(stages, former, more, **changes):
    """A closed successor with some more files."""
    stage = stages.carried(former, **changes)
    stage.contents = {**stage.contents, **more}
    for path, data in more.items():
        stages.put(stage, path, data)
    return stages.closed(of=stages.verified(of=stage))


def test_the_patient_is_told_what_differs_from_what_they_signed(stages):
    former = stages.signed(
        of=stages.in_session(of=stages.released(of=stages.closed({"a": b"1", "b": b"2", "c": b"3"})))
    )
    kept = (former.files["a"].id,)
    stages.clock.advance(timedelta(days=1))
    asked = stages.released(of=next_closed(stages, former, {"c": b"4", "d": b"5"}, file_ids=kept))
    told = news(stages, asked)
    assert told.signed_at == former.release.signed_at
    assert (paths(told.changes.added), paths(told.changes.removed), told.changes.unchanged) == (["d"], ["b"], 1)
    assert [(it.before.path, it.after.path) for it in told.changes.changed] == [("c", "c")]


def test_only_what_stands_on_the_forms_is_compared(stages):
    closed = stages.closed({"a": b"1", "b": b"2"})
    grants = [GrantDraft(stages.recipient.id, (closed.files["a"].id,))]
    former = stages.signed(of=stages.in_session(of=stages.released(of=closed, grants=grants)))
    successor = next_closed(stages, former, {"c": b"3"})
    grants = [GrantDraft(stages.recipient.id, (successor.files["b"].id,))]
    changes = news(stages, stages.released(of=successor, grants=grants)).changes
    assert (paths(changes.added), paths(changes.removed), changes.unchanged) == (["b"], ["a"], 0)


def test_of_several_forms_the_one_that_was_signed_last_counts(stages):
    closed = stages.closed({"a": b"1", "b": b"2"})
    for path in ("a", "b"):
        stages.clock.advance(timedelta(hours=1))
        grants = [GrantDraft(stages.recipient.id, (closed.files[path].id,))]
        former = stages.signed(of=stages.in_session(of=stages.released(of=closed, grants=grants)))
    stages.released(of=closed)  # asked for, and never signed
    told = news(stages, stages.released(of=next_closed(stages, former, {})))
    assert (told.signed_at, paths(told.changes.added)) == (stages.now, ["a"])


def test_a_packet_between_that_nothing_was_signed_for_is_passed_over(stages):
    first = stages.signed()
    second = next_closed(stages, first, {"new": b"1"})
    third = next_closed(stages, second, {"newer": b"2"})
    assert paths(news(stages, stages.released(of=third)).changes.added) == ["new", "newer"]


def test_where_nothing_was_signed_before_nothing_is_new(stages):
    assert news(stages, stages.released()) is None
    assert news(stages, stages.released(of=next_closed(stages, stages.released(), {}))) is None


def test_it_is_told_to_the_patient_alone(stages):
    for actor in (stages.coordinator, a_recipient_actor()):
        with pytest.raises(NotAllowed):
            stages.journey.patients.news(actor)
