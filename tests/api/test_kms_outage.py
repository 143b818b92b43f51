"""KMS away, slow or denying (F51): no route grants anything, nothing changes, and it goes on when KMS is back (I11).

And what KMS is told while all goes well: opaque ids alone (I8).
"""

import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import CASE, Api, code_of
from tests.databases import Databases
from tests.fault_proxy import Fault, FaultProxy, canned
from tests.fixtures_kms import CREDENTIALS, Kms
from tests.stages import CONTENTS, Stage, Stages
from transfer_service.adapters.keyring import KmsKeyring


def refused(code: str, status: str = "400 Bad Request") -> Fault:
    body = json.dumps({"__type": code, "message": "of the key"}).encode()
    return Fault(answer=canned(status, body, Content_Type="application/x-amz-json-1.1"))


FAULTS = {
    "silent": Fault(silent=True),
    "slow by 30 s": Fault(latency_s=30),
    "down": Fault(answer=b"", reset=True),
    "throttled": refused("ThrottlingException"),
    "denied": refused("AccessDeniedException"),
    "disabled": refused("DisabledException"),
    "pending deletion": refused("KMSInvalidStateException"),
    "internal": refused("KMSInternalException", "500 Internal Server Error"),
}
WRONG_KEY = refused("IncorrectKeyException")


@pytest.fixture(scope="module")
def line(kms: Kms) -> Iterator[FaultProxy]:
    """The way to KMS."""
    with FaultProxy(kms.port) as proxy:
        yield proxy


@pytest.fixture(scope="module", autouse=True)
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        patch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
        yield


@pytest.fixture(scope="module")
def api(kms: Kms, line: FaultProxy, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application with its keys in KMS, behind that line."""
    folder = tmp_path_factory.mktemp("kms-outage")
    stages = Stages(folder, databases(folder), keyring=kms.keyring(line.port))
    yield Api(stages)
    stages.close_down()


@pytest.fixture(scope="module")
def impatient(kms: Kms, line: FaultProxy) -> KmsKeyring:
    """The same key for as long as KMS fails, so that no test waits for seconds."""
    return kms.keyring(line.port, connect_timeout_s=1, read_timeout_s=0.2, attempts=2)


@pytest.fixture(scope="module")
def stage(api: Api) -> Stage:
    return api.stages.redeemed()


def forget(stages: Stages) -> None:
    """A minute has passed: neither memory holds a key any more."""
    for cache in (stages.keyring, stages.database._keyring):
        cache._held.clear()


def attempts(api: Api, stage: Stage, answer: dict[str, str]) -> dict[str, TestResponse]:
    """Every route that grants something, asked with all that it takes."""
    forget(api.stages)
    return {
        "open a packet": api.coordinator.post("/packets", {"case": CASE}),
        "redeem": api.anyone.post("/redeem", answer),
        "fetch": api.recipient(stage).get(f"/redeemed/files/{stage.file.id}"),
        "show a packet": api.coordinator.get(f"/packets/{stage.packet.id}"),
    }


def right_answer(api: Api, stage: Stage) -> dict[str, str]:
    challenge = api.anyone.post("/redeem/challenge", {"secret": stage.link_secret}).get_json()
    return {"secret": stage.link_secret, "challenge_id": challenge["challenge_id"], "code": api.stages.code()}


@pytest.mark.parametrize("fault", FAULTS)
def test_while_kms_fails_nothing_is_granted_and_when_it_is_back_everything_works(
    api: Api, stage: Stage, line: FaultProxy, impatient: KmsKeyring, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    another = api.stages.linked(of=Stage(stage.packet, stage.contents, stage.files, stage.release))
    answer = right_answer(api, another)
    before = api.stages.rows()
    with monkeypatch.context() as patch:
        patch.setattr(api.stages.keyring, "_keyring", impatient)
        line.next(then=FAULTS[fault])
        for name, response in attempts(api, stage, answer).items():
            assert code_of(response) == (503, "unavailable"), name
            assert response.headers["Retry-After"]
    assert api.stages.rows() == before
    line.next()
    statuses = {name: response.status_code for name, response in attempts(api, stage, answer).items()}
    assert statuses == {"open a packet": 201, "redeem": 200, "fetch": 200, "show a packet": 200}


def test_under_another_key_nothing_opens(api: Api, stage: Stage, line: FaultProxy) -> None:
    another = api.stages.linked(of=Stage(stage.packet, stage.contents, stage.files, stage.release))
    answer = right_answer(api, another)
    before = api.stages.rows()
    line.next(then=WRONG_KEY)
    for name, response in attempts(api, stage, answer).items():
        assert code_of(response) == (500, "seal_broken"), name
    assert api.stages.rows() == before
    line.next()


def test_kms_is_told_opaque_ids_alone(stage: Stage, kms: Kms) -> None:
    """I8: the encryption context stands in CloudTrail in the clear."""
    packet = stage.packet
    contexts = [asked["EncryptionContext"] for asked in kms.asked() if "EncryptionContext" in asked]
    ours = [each for each in contexts if each.get("organization") == str(packet.organization_id)]
    assert {"organization": str(packet.organization_id), "packet": str(packet.id)} in ours
    assert {"organization": str(packet.organization_id), "purpose": "records"} in ours
    for context in contexts:
        assert context.keys() <= {"organization", "packet", "purpose"}
        assert context.get("purpose", "records") in {"records", "service", "manifest"}
        for name in context.keys() - {"purpose"}:
            assert str(UUID(context[name])) == context[name]
    said = kms.recording.read_text() + json.dumps(kms.asked())
    canaries = ("Ada Example", "MRN-0042", "S26-1234", "ada@patient.test", "viewer@review.test", *CONTENTS)
    assert not [each for each in canaries if each in said]


def test_a_key_is_named_in_every_question(api: Api, stage: Stage, kms: Kms) -> None:
    assert api.coordinator.get(f"/packets/{stage.packet.id}").status_code == 200
    asked = [each for each in kms.asked() if each["operation"] in {"Decrypt", "GenerateDataKey"}]
    assert {each["operation"] for each in asked} == {"Decrypt", "GenerateDataKey"}
    assert {each["KeyId"] for each in asked} == {kms.key_id}
