"""A review service over HTTP: token, list, redeem, fetch, confirm."""

from uuid import uuid4

from tests.api.conftest import code_of


def test_from_the_list_to_the_bytes_to_the_receipt(api):
    stage = api.stages.released_to_service()
    service = api.service(api.stages.service)
    (item,) = service.get("/released").get_json()["items"]
    assert item.keys() == {
        "id",
        "packet_id",
        "purpose",
        "released_at",
        "expires_at",
        "files",
        "bytes",
        "redemptions",
        "acknowledged_at",
    }
    path = f"/released/{item['id']}"
    let_in = service.post(f"{path}/redeem", {}).get_json()
    assert let_in.keys() == {"access_token", "expires_at", "packet", "files", "manifest"}
    assert code_of(service.post(f"{path}/acknowledge", {})) == (409, "not_fetched")
    session = {"Authorization": f"Bearer {let_in['access_token']}"}
    for file in let_in["files"]:
        fetched = service.get(f"/redeemed/files/{file['id']}", headers=session)
        assert fetched.data == stage.contents[file["path"]]
    said = service.post(f"{path}/acknowledge", {"received": [let_in["files"][0]["id"]]})
    assert [each["file_id"] for each in said.get_json()["received"]] == [let_in["files"][0]["id"]]
    assert len(service.post(f"{path}/acknowledge").get_json()["received"]) == 2
    shown = api.coordinator.get(f"/packets/{stage.packet.id}/disclosures").get_json()["items"]
    assert all(line["confirmed_receipt_at"] for line in shown)
    shown = api.patient(stage).get("/patient/accounting").get_json()["items"]
    assert all(line["confirmed_receipt_at"] for line in shown)


def test_the_list_says_nothing_of_who_the_patient_is(api):
    api.stages.released_to_service()
    text = api.service(api.stages.service).get("/released").get_data(as_text=True)
    for word in ("Ada", "Example", "1961", "MRN-0042", "S26-1234", "slides/", "ada@patient.test"):
        assert word not in text


def test_a_redemption_repeated_with_its_key_has_a_fresh_token_and_is_not_counted(api):
    stage = api.stages.released_to_service()
    service, key = api.service(api.stages.service), {"Idempotency-Key": "once"}
    path = f"/released/{stage.release.id}/redeem"
    tokens = {service.post(path, {}, headers=key).get_json()["access_token"] for _ in range(2)}
    assert len(tokens) == 2
    assert service.get("/released").get_json()["items"][0]["redemptions"] == 1


def test_staff_see_the_service_s_link_and_revoke_it(api):
    stage = api.stages.redeemed_by_service()
    (link,) = api.coordinator.get(f"/packets/{stage.packet.id}/links").get_json()["items"]
    assert (link["verification"], link["state"], link["redemptions"]) == ("service_token", "live", 1)
    assert api.coordinator.post(f"/links/{link['id']}/revoke").status_code == 200
    service = api.service(api.stages.service)
    assert code_of(service.post(f"/released/{stage.release.id}/redeem", {})) == (409, "link_revoked")


def test_what_is_said_amiss_is_422(api):
    stage = api.stages.fetched_by_service()
    service, path = api.service(api.stages.service), f"/released/{stage.release.id}"
    for body in ({"received": []}, {"received": "all"}, {"received": ["x"]}, {"other": 1}):
        assert service.post(f"{path}/acknowledge", body).status_code == 422
    assert code_of(service.post(f"{path}/acknowledge", {"received": [str(uuid4())]})) == (422, "file_unknown")
    assert service.post(f"{path}/redeem", {"secret": "x"}).status_code == 422
    draft = {
        "release_id": str(stage.release.id),
        "recipient_id": str(api.stages.service.id),
        "expires_at": "2026-05-20T00:00:00Z",
        "verification": "service_token",
    }
    assert api.coordinator.post(f"/packets/{stage.packet.id}/links", draft).status_code == 422
