"""What Prometheus is shown, to whom, and what never stands in it."""

import os
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import HOST, METRICS_TOKEN, Api, Caller
from tests.stages import sha256_hex
from transfer_service.adapters.database import chores
from transfer_service.api.error_codes import error_codes
from transfer_service.edge import metrics
from transfer_service.errors import Unavailable


@pytest.fixture
def scraper(api: Api) -> Caller:
    return Caller(api.app, METRICS_TOKEN)


def samples(scraper: Caller) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = scraper.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def value(scraper: Caller, name: str, **labels: str) -> float:
    return samples(scraper).get((f"transfer_service_{name}", frozenset(labels.items())), 0.0)


@pytest.mark.parametrize("token", [None, "", "x", METRICS_TOKEN + "x", METRICS_TOKEN[:-1]])
def test_without_its_token_nobody_reads_them(api: Api, token: str | None) -> None:
    assert Caller(api.app, token).get("/metrics").status_code == 401


def test_without_the_setting_there_is_no_such_address(api: Api, scraper: Caller) -> None:
    service = api.app.extensions["transfer_service"]
    object.__setattr__(service, "metrics_token_sha256", None)
    assert scraper.get("/metrics").status_code == 404


def test_a_loopback_peer_is_nobody_special_for_a_proxy_is_one_too(api: Api) -> None:
    loopback = {"REMOTE_ADDR": "127.0.0.1"}
    assert api.app.test_client().get("/metrics", headers={"Host": HOST}, environ_overrides=loopback).status_code == 401


def test_requests_are_counted_by_template_method_and_class_and_what_has_no_route_as_one(api: Api, scraper) -> None:
    unknown, known = {"route": "none", "method": "GET", "status": "4xx"}, {"method": "GET", "status": "2xx"}
    known["route"] = "/api/v1/packets/<id:packet_id>"
    before = value(scraper, "requests_total", **unknown), value(scraper, "requests_total", **known)
    packet = api.stages.opened().packet.id
    for n in range(3):
        api.coordinator.get(f"/canary/{n}")
        assert api.coordinator.get(f"/packets/{packet}").status_code == 200
    after = value(scraper, "requests_total", **unknown), value(scraper, "requests_total", **known)
    assert after == (before[0] + 3, before[1] + 3)


def test_an_invented_method_is_one_of_the_others(api: Api, scraper: Caller) -> None:
    api.anyone.ask("CANARY", "/healthz")
    assert "CANARY" not in scraper.get("/metrics").text
    assert value(scraper, "requests_total", route="none", method="other", status="4xx") >= 1


def test_refusals_are_counted_by_code(api: Api, scraper: Caller) -> None:
    before = value(scraper, "refusals_total", code="not_authenticated")
    api.anyone.get("/packets")
    assert value(scraper, "refusals_total", code="not_authenticated") == before + 1


def test_a_service_s_redemption_is_counted_as_a_person_s_is(api: Api, scraper: Caller) -> None:
    stage = api.stages.released_to_service()
    before = value(scraper, "redemptions_total")
    assert api.service(api.stages.service).post(f"/released/{stage.release.id}/redeem", {}).status_code == 200
    assert value(scraper, "redemptions_total") == before + 1


def test_running_transfers_and_those_turned_away_are_counted(api: Api, scraper: Caller) -> None:
    before = value(scraper, "transfers_turned_away_total", direction="upload")
    stage = api.stages.opened()
    file = api.stages.planned(stage)
    with api.slots.upload(), api.slots.upload():
        assert value(scraper, "running_transfers", direction="upload") == 2
        url = f"/packets/{stage.packet.id}/files/{file.id}/parts/1"
        assert api.coordinator.ask("PUT", url, data=b"x" * 12).status_code == 503
    assert value(scraper, "running_transfers", direction="upload") == 0
    assert value(scraper, "transfers_turned_away_total", direction="upload") == before + 1


def test_what_waits_for_the_worker_is_told_with_its_age(api: Api, scraper: Caller) -> None:
    stages = api.stages
    file = stages.planned(stages.opened())
    stages.put_part(file, 1, b"x" * 12)
    stages.complete(file, sha256_hex(b"x" * 12))
    stages.clock.advance(timedelta(seconds=90))
    assert value(scraper, "backlog", kind="file") == 1
    assert value(scraper, "backlog_oldest_seconds", kind="file") == 90
    assert value(scraper, "audit_entries", log="all") == len(stages.audit())


def test_the_backlog_is_counted_up_to_a_bound(api: Api, scraper: Caller, monkeypatch) -> None:
    monkeypatch.setattr(chores, "COUNTED_TO", 0)
    api.stages.opened()
    assert value(scraper, "backlog", kind="file") == 0


def test_a_part_that_is_away_is_shown_and_shows_nothing_else(api: Api, scraper: Caller) -> None:
    assert value(scraper, "ready", part="store") == 1

    def away(step: str) -> None:
        raise Unavailable(step)

    api.stages.store.before = away
    assert value(scraper, "ready", part="store") == 0


def test_every_label_is_a_word_of_ours(api: Api, scraper: Caller) -> None:
    others = {label for _, labels in samples(scraper) for label in labels}  # of applications that other tests made
    api.stages.redeemed()
    api.anyone.get("/nothing")
    templates = {rule.rule for rule in api.app.url_map.iter_rules()} | {"none"}
    codes = {each.code for each in error_codes()}
    for _, labels in samples(scraper):
        for name, word in {*labels} - others:
            if name == "route":
                assert word in templates
            if name == "code":
                assert word in codes


def test_a_process_that_ended_is_forgotten_only_where_counts_are_shared(monkeypatch, tmp_path) -> None:
    (tmp_path / f"gauge_livesum_{os.getpid()}.db").touch()
    metrics.forget_process(os.getpid())
    monkeypatch.setenv(metrics.SHARED, str(tmp_path))
    metrics.forget_process(os.getpid())
    assert [*tmp_path.iterdir()] == []
