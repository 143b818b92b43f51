"""What settings change in the requests that S3 gets: the address, encryption beside our own, and who signs."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from moto import mock_aws

from tests.fault_proxy import Fault, FaultProxy, canned
from transfer_service.adapters.aws import encrypted_by_kms
from transfer_service.adapters.s3 import S3ObjectStore
from transfer_service.errors import ObjectExists

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
DATA = b"sealed bytes"
NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")


def store_at(endpoint_url: str | None, **options: Any) -> S3ObjectStore:
    settings: dict[str, Any] = {
        "endpoint_url": endpoint_url,
        "region": "eu-central-1",
        "bucket": "sealed-packets",
        "access_key_id": "an-access-key-id",
        "secret_access_key": "a-secret-access-key",
        "attempts": 2,
        "read_timeout_s": 1,
    }
    return S3ObjectStore(**(settings | options))


@pytest.fixture
def bodies_as_moto_takes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transfer_service.adapters.s3.SentBytes", io.BytesIO)


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A machine that has none but what a test gives it; moto's own stand aside."""
    with mock_aws():
        for name in NAMES:
            monkeypatch.delenv(name, raising=False)
        yield monkeypatch


class Sent(Exception):
    """A request that was about to leave."""


def sent(store: S3ObjectStore) -> Any:
    """The first request that the store would send."""

    def stop(request: Any, **_: object) -> NoReturn:
        raise Sent(request)

    store._s3.meta.events.register("before-send.s3", stop)
    with pytest.raises(Sent) as caught:
        store.put_once("a/key", DATA)
    return caught.value.args[0]


@pytest.mark.parametrize(
    ("endpoint_url", "addressing", "url"),
    [
        (None, "auto", "https://sealed-packets.s3.eu-central-1.amazonaws.com/a/key"),
        (None, "virtual", "https://sealed-packets.s3.eu-central-1.amazonaws.com/a/key"),
        (None, "path", "https://s3.eu-central-1.amazonaws.com/sealed-packets/a/key"),
        ("https://store.test", "auto", "https://store.test/sealed-packets/a/key"),
        ("https://store.test", "path", "https://store.test/sealed-packets/a/key"),
        ("https://store.test", "virtual", "https://sealed-packets.store.test/a/key"),
    ],
)
def test_the_bucket_stands_where_the_settings_say(endpoint_url: str | None, addressing: str, url: str) -> None:
    assert sent(store_at(endpoint_url, addressing=addressing)).url == url


# SSE-KMS


@pytest.mark.usefixtures("bodies_as_moto_takes_them")
@pytest.mark.parametrize(("key_id", "named"), [(KEY_ID, {"aws-kms-key-id": KEY_ID}), (None, {})])
def test_objects_and_uploads_ask_to_be_encrypted_and_nothing_else_does(
    key_id: str | None, named: dict[str, str]
) -> None:
    asked: dict[str, dict[str, str]] = {}
    with mock_aws():
        store = store_at(None, at_rest=encrypted_by_kms(key_id))
        store.ensure_bucket()
        store._s3.meta.events.register("before-send.s3", lambda request, **_: note(asked, request))
        etag = store.put_once("key", DATA)
        upload = store.begin_upload("parts")
        part = store.put_part("parts", upload, 1, DATA)
        store.complete_upload("parts", upload, [(1, part)])
        assert store.head("key").etag == etag  # type: ignore[union-attr]  # it is there
        kept = [store._s3.head_object(Bucket="sealed-packets", Key=key) for key in ("key", "parts")]
    ours = {"": "aws:kms", "bucket-key-enabled": "true"} | named
    assert {name for name, headers in asked.items() if headers} == {"PUT key", "POST parts?uploads"}
    assert all(headers in ({}, ours) for headers in asked.values())
    assert {each["ServerSideEncryption"] for each in kept} == {"aws:kms"}


def note(asked: dict[str, dict[str, str]], request: Any) -> None:
    prefix = "x-amz-server-side-encryption"
    texts = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
    }
    headers = {name.removeprefix(prefix).lstrip("-"): value for name, value in texts.items() if name.startswith(prefix)}
    asked[f"{request.method} {request.url.rpartition('/')[2]}"] = headers


@pytest.mark.usefixtures("bodies_as_moto_takes_them")
def test_without_that_setting_nothing_is_asked_of_s3() -> None:
    asked: dict[str, dict[str, str]] = {}
    with mock_aws():
        store = store_at(None)
        store.ensure_bucket()
        store._s3.meta.events.register("before-send.s3", lambda request, **_: note(asked, request))
        store.put_once("key", DATA)
        store.begin_upload("parts")
    assert asked.keys() == {"PUT key", "POST parts?uploads"}
    assert not any(asked.values())


@pytest.mark.parametrize("etag", [hashlib.md5(b"as S3 encrypted it").hexdigest(), hashlib.md5(DATA).hexdigest()])
def test_an_object_whose_answer_was_lost_is_ours_only_by_its_md5_and_else_takes_a_new_key(
    etag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under SSE-KMS an ETag is no MD5: the object is left behind, and swept as what nobody adopted."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    with FaultProxy() as proxy:
        proxy.next(
            Fault(answer=b""),
            Fault(answer=canned("412 Precondition Failed", b"<Error><Code>PreconditionFailed</Code></Error>")),
            Fault(answer=canned("200 OK", ETag=f'"{etag}"')),
        )
        store = store_at(proxy.endpoint_url, at_rest=encrypted_by_kms(None))
        if etag == hashlib.md5(DATA).hexdigest():
            assert store.put_once("key", DATA) == etag
        else:
            with pytest.raises(ObjectExists):
                store.put_once("key", DATA)
        assert [each.split()[0] for each in proxy.requests] == ["PUT", "PUT", "HEAD"]


# Who signs


def chosen(store: S3ObjectStore) -> Any:
    """The credentials that boto3 found."""
    return store._s3._request_signer._credentials


def test_credentials_of_the_settings_come_first(no_credentials: pytest.MonkeyPatch) -> None:
    no_credentials.setenv("AWS_ACCESS_KEY_ID", "of-the-environment")
    no_credentials.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert chosen(store_at(None)).access_key == "an-access-key-id"


def test_without_any_in_the_settings_the_environments_are_found(no_credentials: pytest.MonkeyPatch) -> None:
    no_credentials.setenv("AWS_ACCESS_KEY_ID", "of-the-environment")
    no_credentials.setenv("AWS_SECRET_ACCESS_KEY", "x")
    found = chosen(store_at(None, access_key_id=None, secret_access_key=None))
    assert (found.method, found.access_key) == ("env", "of-the-environment")


@pytest.mark.usefixtures("bodies_as_moto_takes_them")
def test_without_any_in_the_settings_a_web_identity_is_exchanged_for_some(
    no_credentials: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on EKS: a token in a file, a role, and STS in the region."""
    (tmp_path / "token").write_text("a.web.identity")
    no_credentials.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    no_credentials.setenv("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/transfer-serve")
    store = store_at(None, access_key_id=None, secret_access_key=None)
    assert chosen(store).method == "assume-role-with-web-identity"
    store.ensure_bucket()
    etag = store.put_once("key", DATA)
    found = store.head("key")
    assert found is not None
    assert found.etag == etag
    assert chosen(store).access_key.startswith("ASIA")
