"""The KMS keyring: against moto's KMS, and with answers, lies and silence from a can."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from tests.fault_proxy import Fault, FaultProxy, canned
from tests.fixtures_kms import CREDENTIALS, REGION
from transfer_service.adapters.keyring import CachedKeyring, KmsKeyring, LocalKeyring
from transfer_service.adapters.keyring.kms import CHECK_EVERY_S, KMS_MARK
from transfer_service.edge.problems import problem_of
from transfer_service.errors import SealBroken, Unavailable
from transfer_service.sealing.keys import SecretKey
from transfer_service.usecases.reach import packet_key_context

CONTEXT = packet_key_context(uuid4(), uuid4())
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own credentials are the environment's; retries come at once."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


@pytest.fixture
def amazon() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("kms", region_name=REGION)


def new_key(amazon: Any) -> str:
    return str(amazon.create_key()["KeyMetadata"]["Arn"])


@pytest.fixture
def keyring(amazon: Any) -> KmsKeyring:
    return KmsKeyring(key_id=new_key(amazon), region=REGION)


def test_a_key_unwraps_in_its_own_context(keyring: KmsKeyring) -> None:
    key, wrapped = keyring.generate(CONTEXT)
    assert keyring.unwrap(wrapped, dict(reversed(CONTEXT.items()))) == key
    assert keyring.generate(CONTEXT)[0] != key
    assert wrapped.startswith(KMS_MARK)
    assert key.reveal() not in wrapped
    keyring.check()


@pytest.mark.parametrize(
    "wrong",
    [
        {"organization": str(uuid4())},
        {"packet": str(uuid4())},
        {"purpose": "records"},
        {"packet": None},
        {"organization": None},
        {"organization": None, "packet": None},
        {"organization": CONTEXT["packet"], "packet": CONTEXT["organization"]},
    ],
    ids=["another hospital", "another packet", "one more", "no packet", "no hospital", "nothing", "exchanged"],
)
def test_a_key_opens_in_no_other_context(keyring: KmsKeyring, wrong: dict[str, str | None]) -> None:
    """C24: each field of the context alone."""
    _, wrapped = keyring.generate(CONTEXT)
    context = {name: value for name, value in (CONTEXT | wrong).items() if value is not None}
    with pytest.raises(SealBroken) as refused:
        keyring.unwrap(wrapped, context)
    assert type(refused.value) is SealBroken


def test_the_wrapped_key_of_another_packet_does_not_open_in_its_place(keyring: KmsKeyring) -> None:
    """C24: nor does another organization's."""
    other_packet = CONTEXT | {"packet": str(uuid4())}
    other_organization = packet_key_context(uuid4(), uuid4())
    for other in (other_packet, other_organization):
        _, wrapped = keyring.generate(other)
        with pytest.raises(SealBroken):
            keyring.unwrap(wrapped, CONTEXT)


@pytest.mark.parametrize("at", [8, 60, -1])
def test_an_altered_blob_does_not_open(keyring: KmsKeyring, at: int) -> None:
    _, wrapped = keyring.generate(CONTEXT)
    broken = bytearray(wrapped)
    broken[at] ^= 1
    with pytest.raises((SealBroken, Unavailable)):  # moto knows the key by these first bytes, and denies another's
        keyring.unwrap(bytes(broken), CONTEXT)


def test_another_key_of_kms_does_not_open_it(amazon: Any, keyring: KmsKeyring) -> None:
    _, wrapped = KmsKeyring(key_id=new_key(amazon), region=REGION).generate(CONTEXT)
    with pytest.raises(Unavailable):  # AWS itself answers IncorrectKey, see below
        keyring.unwrap(wrapped, CONTEXT)


@pytest.mark.parametrize("ciphertext", [b"", bytes(6145)], ids=len)
def test_what_kms_would_not_even_take_is_not_sent(ciphertext: bytes) -> None:
    with FaultProxy() as nobody, pytest.raises(SealBroken):
        at(nobody).unwrap(KMS_MARK + ciphertext, CONTEXT)
    assert nobody.connections == 0


def test_keyrings_tell_each_others_keys_from_their_own(keyring: KmsKeyring, tmp_path: Any) -> None:
    local = LocalKeyring.create(tmp_path / "keyring.json")
    with pytest.raises(SealBroken, match="not wrapped by AWS KMS"):
        keyring.unwrap(local.generate(CONTEXT)[1], CONTEXT)
    with pytest.raises(SealBroken, match="wrapped by AWS KMS, and the settings name a local keyring"):
        local.unwrap(keyring.generate(CONTEXT)[1], CONTEXT)


def test_the_outside_learns_one_thing_of_every_key_that_does_not_open(keyring: KmsKeyring, tmp_path: Any) -> None:
    local = LocalKeyring.create(tmp_path / "keyring.json")
    _, wrapped = keyring.generate(CONTEXT)
    _, wrapped_here = local.generate(CONTEXT)
    seen = set()
    for attempt in (
        lambda: keyring.unwrap(wrapped, CONTEXT | {"packet": "another"}),
        lambda: keyring.unwrap(wrapped_here, CONTEXT),
        lambda: keyring.unwrap(KMS_MARK, CONTEXT),
        lambda: local.unwrap(wrapped, CONTEXT),
        lambda: local.unwrap(bytes(40), CONTEXT),
        lambda: local.unwrap(wrapped_here, {}),
    ):
        with pytest.raises(SealBroken) as refused:
            attempt()
        problem = problem_of(refused.value)
        seen.add((problem.status, problem.code, problem.detail))
    assert len(seen) == 1


def test_a_minute_of_memory_stands_before_kms(keyring: KmsKeyring) -> None:
    """The one cache there is: while it remembers, KMS may be away; when it has forgotten, nothing opens."""
    now = [0.0]
    key, wrapped = keyring.generate(CONTEXT)
    cached = CachedKeyring(keyring, clock=lambda: now[0], alarm=lambda *_: NoAlarm())
    assert cached.unwrap(wrapped, CONTEXT) == key
    keyring._kms.decrypt = refuse
    now[0] = 59.9
    assert cached.unwrap(wrapped, CONTEXT) == key
    now[0] = 60.0
    with pytest.raises(Unavailable):
        cached.unwrap(wrapped, CONTEXT)
    assert not cached._held


class NoAlarm:
    def cancel(self) -> None:
        pass


def refuse(**_: object) -> None:
    raise Unavailable


# What moto can't do


def at(proxy: FaultProxy, **options: Any) -> KmsKeyring:
    quick = {"connect_timeout_s": 5, "read_timeout_s": 1}
    return KmsKeyring(key_id=KEY_ID, region=REGION, endpoint_url=proxy.endpoint_url, **(quick | options))


def answered(status: str, **body: Any) -> Fault:
    octets = json.dumps(body).encode()
    return Fault(answer=canned(status, octets, Content_Type="application/x-amz-json-1.1"))


def refused(code: str, status: str = "400 Bad Request") -> Fault:
    return answered(status, __type=code, message=f"about {KEY_ID} and {CONTEXT}")


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with FaultProxy() as proxy:
        yield proxy


CALLS: dict[str, Callable[[KmsKeyring], object]] = {
    "generate": lambda keyring: keyring.generate(CONTEXT),
    "unwrap": lambda keyring: keyring.unwrap(KMS_MARK + b"wrapped", CONTEXT),
    "check": lambda keyring: keyring.check(),
}
AGAIN = {
    "ThrottlingException": "400 Bad Request",
    "LimitExceededException": "400 Bad Request",
    "KMSInternalException": "500 Internal Server Error",
    "DependencyTimeoutException": "503 Service Unavailable",
}
FINAL = (
    "AccessDeniedException", "DisabledException", "KMSInvalidStateException", "NotFoundException",
    "KeyUnavailableException", "InvalidKeyUsageException", "UnrecognizedClientException", "ExpiredTokenException",
)  # fmt: skip


@pytest.mark.parametrize("code", [*AGAIN, *FINAL])
def test_what_an_operator_may_put_right_is_unavailable_and_logged_by_its_code_alone(
    proxy: FaultProxy, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """F51: nothing is granted."""
    caplog.set_level(logging.DEBUG)
    keyring = at(proxy)
    for name, call in CALLS.items():
        caplog.clear()
        proxy.next(then=refused(code, AGAIN.get(code, "400 Bad Request")))
        with pytest.raises(Unavailable) as away:
            call(keyring)
        assert (code in away.value.reason, code in str(away.value)) == (name != "check", False)
        assert proxy.connections == (3 if code in AGAIN and name != "check" else 1)
        assert code in caplog.text
        assert KEY_ID not in caplog.text
        assert not [each for each in CONTEXT.values() if each in caplog.text]


@pytest.mark.parametrize("code", ["InvalidCiphertextException", "IncorrectKeyException"])
def test_what_this_key_did_not_wrap_does_not_open(proxy: FaultProxy, code: str) -> None:
    proxy.next(then=refused(code))
    with pytest.raises(SealBroken) as broken:
        CALLS["unwrap"](at(proxy))
    assert type(broken.value) is SealBroken
    assert str(broken.value) == SealBroken.message
    assert proxy.connections == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(silent=True),
        Fault(answer=b""),
        Fault(answer=b"", reset=True),
        Fault(answer=b"nothing that HTTP knows\r\n\r\n"),
        Fault(answer=canned("200 OK", b"{", Content_Type="application/x-amz-json-1.1")),
        Fault(answer=canned("502 Bad Gateway", b"<html>a proxy's own words</html>", Content_Type="text/html")),
        answered("200 OK"),
    ],
    ids=["silence", "closed", "reset", "not HTTP", "half of an answer", "a proxy's page", "an empty answer"],
)
def test_a_kms_in_trouble_is_given_up_soon_and_grants_nothing(proxy: FaultProxy, fault: Fault) -> None:
    keyring = at(proxy)
    for call in CALLS.values():
        proxy.next(then=fault)
        with pytest.raises(Unavailable):
            call(keyring)
        assert proxy.connections <= 3


@pytest.mark.parametrize("plaintext", ["", "AAAA", "A" * 44])
def test_a_key_of_another_length_is_none(proxy: FaultProxy, plaintext: str) -> None:
    proxy.next(then=answered("200 OK", Plaintext=plaintext, CiphertextBlob="AAAA", KeyId=KEY_ID))
    for name in ("generate", "unwrap"):
        with pytest.raises((SealBroken, Unavailable)):
            CALLS[name](at(proxy))


def test_it_opens_again_when_kms_is_back(proxy: FaultProxy) -> None:
    keyring = at(proxy)
    proxy.next(then=refused("DisabledException"))
    with pytest.raises(Unavailable):
        CALLS["unwrap"](keyring)
    proxy.next(then=answered("200 OK", Plaintext="A" * 43 + "=", KeyId=KEY_ID))
    assert CALLS["unwrap"](keyring) == SecretKey(bytes(32))


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", "PendingImport", "Unavailable"])
def test_a_key_that_is_not_enabled_is_not_ready(
    proxy: FaultProxy, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.next(then=answered("200 OK", KeyMetadata={"KeyId": KEY_ID, "KeyState": state}))
    with pytest.raises(Unavailable):
        at(proxy).check()
    assert state in caplog.text


def test_however_often_readiness_is_asked_kms_is_asked_now_and_then(proxy: FaultProxy) -> None:
    now = [0.0]
    keyring = at(proxy, clock=lambda: now[0])
    enabled = answered("200 OK", KeyMetadata={"KeyId": KEY_ID, "KeyState": "Enabled"})
    proxy.next(then=enabled)
    for _ in range(5):
        keyring.check()
    assert proxy.connections == 1
    now[0] = CHECK_EVERY_S
    proxy.next(then=refused("DisabledException"))
    for _ in range(5):
        with pytest.raises(Unavailable):
            keyring.check()
    assert proxy.connections == 1
    proxy.next(then=enabled)
    now[0] += CHECK_EVERY_S
    keyring.check()


def test_the_library_is_no_louder_than_everything_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    logging.getLogger("botocore").setLevel(logging.NOTSET)
    KmsKeyring(key_id=KEY_ID, region=REGION)
    assert not logging.getLogger("botocore.credentials").isEnabledFor(logging.INFO)


def test_no_key_is_logged_even_where_everything_else_is(proxy: FaultProxy, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    plaintext = "SECRETsecretSECRETsecretSECRETsecretSECRETs="
    proxy.next(then=answered("200 OK", Plaintext=plaintext, CiphertextBlob="AAAA", KeyId=KEY_ID))
    for name in ("generate", "unwrap"):
        CALLS[name](at(proxy))
    assert plaintext[:20] not in caplog.text


def test_a_proxy_in_the_environment_is_the_way_to_amazon_and_not_to_an_endpoint_of_ones_own(
    proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.endpoint_url)
    monkeypatch.setenv("HTTP_PROXY", proxy.endpoint_url)
    proxy.next(then=Fault(answer=canned("403 Forbidden")))
    with pytest.raises(Unavailable):
        KmsKeyring(key_id=KEY_ID, region=REGION, attempts=1).check()
    (asked,) = proxy.requests
    assert asked.startswith(f"CONNECT kms.{REGION}.amazonaws.com:443 ")
    with FaultProxy() as endpoint:
        endpoint.next(then=answered("200 OK", KeyMetadata={"KeyId": KEY_ID, "KeyState": "Enabled"}))
        at(endpoint).check()
        assert endpoint.requests == ["POST / HTTP/1.1"]
