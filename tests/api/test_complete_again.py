"""F58: a client that lost the answer to ``complete`` asks again, ten times or a day later, and hears the same."""

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Api, code_of
from tests.stages import Stage, sha256_hex
from transfer_service.domain.packet import PacketFile

RIGHT, OTHER = sha256_hex(b"hello"), sha256_hex(b"other")


def is_verifying(api: Api, stage: Stage) -> Stage:
    return api.stages.refreshed(stage)


def was_verified(api: Api, stage: Stage) -> Stage:
    return api.stages.verified(of=stage)


def was_closed(api: Api, stage: Stage) -> Stage:
    return api.stages.closed(of=was_verified(api, stage))


@pytest.mark.parametrize("since", [is_verifying, was_verified, was_closed])
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "complete-1"}], ids=["no key", "a key"])
def test_complete_asked_again_has_the_same_answer_and_changes_nothing(api: Api, since, headers) -> None:
    stage = api.stages.opened()
    file = api.stages.planned(stage, size=5)
    api.stages.put_part(file, 1, b"hello")

    def complete(digest: str, headers: dict[str, str]) -> TestResponse:
        return api.depositor.post(of(file), {"sha256": digest}, headers=headers)

    first = complete(RIGHT, headers)
    assert (first.status_code, first.get_json()["state"]) == (202, "verifying")
    since(api, stage)
    # The very answer under its key, as long as that is kept; else the file as it is now.
    expected = first if headers else complete(RIGHT, {})
    shown = api.depositor.get(of(file).removesuffix("/complete")).get_json()
    before = api.stages.rows()
    for _ in range(10):
        again = complete(RIGHT, headers)
        assert (again.status_code, again.data) == (202, expected.data)
        assert again.headers.get("Idempotency-Replayed") == ("true" if headers else None)
    assert code_of(complete(OTHER, {})) == (409, "not_now")
    assert code_of(complete(OTHER, headers)) == ((422, "idempotency_key_reused") if headers else (409, "not_now"))
    assert api.stages.rows() == before
    api.stages.clock.advance(timedelta(hours=24))
    a_day_later = complete(RIGHT, headers)  # the key is forgotten, the file is not
    assert (a_day_later.status_code, a_day_later.get_json()) == (202, shown)
    assert code_of(complete(OTHER, {})) == (409, "not_now")
    assert api.stages.rows("kept_answers") == {name: rows for name, rows in before.items() if name != "kept_answers"}
    if not headers:
        assert a_day_later.data == expected.data


def of(file: PacketFile) -> str:
    return f"/packets/{file.packet_id}/files/{file.id}/complete"
