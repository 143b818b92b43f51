"""A review service's webhook over HTTP."""

import pytest

from tests.api.conftest import code_of

URL = "https://remote.test/hook"


@pytest.fixture
def service(api):
    return api.service(api.stages.service)


def test_the_secret_is_shown_once_and_never_again(service):
    assert code_of(service.get("/webhook")) == (404, "not_found")
    made = service.put("/webhook", {"url": URL})
    assert made.status_code == 200
    assert made.get_json() == {
        "url": URL,
        "events": ["release.released", "release.withdrawn", "release.expiring"],
        "secret": made.get_json()["secret"],
    }
    assert made.get_json()["secret"].startswith("whsec_")
    shown = service.get("/webhook")
    assert shown.get_json().keys() == {
        "url",
        "events",
        "state",
        "set_at",
        "last_delivered_at",
        "last_failed_at",
        "last_failure",
        "disabled_at",
        "disabled_because",
    }
    assert shown.get_json()["state"] == "enabled"
    assert "whsec_" not in shown.get_data(as_text=True)


def test_it_shows_how_it_fares(api, service):
    service.put("/webhook", {"url": URL})
    api.stages.released_to_service()
    api.stages.journey.announce.next_notice(api.stages.now)
    assert service.get("/webhook").get_json()["last_delivered_at"] is not None


def test_it_hears_of_the_events_that_are_named(service):
    made = service.put("/webhook", {"url": URL, "events": ["release.expiring", "release.released", "release.expiring"]})
    assert made.get_json()["events"] == ["release.released", "release.expiring"]


def test_a_webhook_that_was_removed_is_not_there(service):
    service.put("/webhook", {"url": URL})
    assert service.delete("/webhook").status_code == 204
    assert code_of(service.get("/webhook")) == (404, "not_found")
    assert code_of(service.delete("/webhook")) == (404, "not_found")


def test_with_its_token_revoked_another_token_sees_why_it_is_silent(api, service):
    stages = api.stages
    stages.webhook_set()
    stages.journey.enrol.revoke_token(stages.service_actor.credential_id, stages.now)
    shown = service.get("/webhook").get_json()
    assert (shown["state"], shown["disabled_because"]) == ("disabled", "token_revoked")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": 7},
        {"url": "https://remote.test/" + "x" * 2048},
        {"url": URL, "events": []},
        {"url": URL, "events": ["release.asked"]},
        {"url": URL, "events": "release.released"},
        {"url": URL, "secret": "whsec_mine"},
    ],
)
def test_what_is_said_amiss_is_422(service, body):
    assert code_of(service.put("/webhook", body)) == (422, "invalid")


def test_an_address_that_may_not_be_called_is_422_with_a_word_of_its_own(service):
    assert code_of(service.put("/webhook", {"url": "ftp://remote.test/"})) == (422, "webhook_refused")
