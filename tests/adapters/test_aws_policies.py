"""The policies in config/aws grant what the adapters call, each process its own, and nothing beyond.

What a method calls is seen by a hook in botocore while the method runs on moto; which methods a process needs stands
in the use cases. moto grants everything: that these policies let the service work at Amazon is tried nowhere here.
"""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.fixtures_kms import CREDENTIALS, REGION
from transfer_service.adapters.aws import encrypted_by_kms
from transfer_service.adapters.keyring import KmsKeyring
from transfer_service.adapters.s3 import S3ObjectStore

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "config" / "aws"
DATA = b"sealed bytes"
USE_CASES = {
    "serve": (
        *("receive", "storing", "fresh_objects", "deposit", "successor", "answer", "deliver", "plaintext"),
        *("documents", "enrol"),
    ),
    "worker": ("verify", "retire", "carry", "storing", "fresh_objects", "documents"),
}
BY_THE_WAY = {"serve": {"check", "generate", "unwrap"}, "worker": {"generate", "unwrap"}}
"""What app joins: readiness, and the installation's own keys; use cases unwrap through ``reach.packet_key``."""
ACTIONS = {  # Service Authorization Reference: actions of Amazon S3
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "ListParts": "s3:ListMultipartUploadParts",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "ListObjectsV2": "s3:ListBucket",
    "DeleteObject": "s3:DeleteObject",
    "GenerateDataKey": "kms:GenerateDataKey",
    "Decrypt": "kms:Decrypt",
    "DescribeKey": "kms:DescribeKey",
}
CONTEXT_ALONE = {"kms:EncryptionContextKeys": ["organization", "packet", "purpose"]}


def policy(name: str) -> list[dict[str, Any]]:
    document = json.loads((POLICIES / f"{name}.json").read_text())
    assert document["Version"] == "2012-10-17"
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def actions_of(statement: dict[str, Any]) -> set[str]:
    listed = statement["Action"]
    return {listed} if isinstance(listed, str) else set(listed)


def granted(role: str) -> set[str]:
    """What the process itself may; not what S3 does for it with the key that S3 encrypts under."""
    own = [each for each in policy(f"{role}-policy") if "kms:ViaService" not in str(each.get("Condition"))]
    return set().union(*map(actions_of, own))


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, set[str]]]:
    """Which of Amazon's operations each method of the adapters calls."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("transfer_service.adapters.s3.SentBytes", io.BytesIO)
    with mock_aws():
        key_id = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
        keyring = KmsKeyring(key_id=key_id, region=REGION)
        store = S3ObjectStore(
            endpoint_url=None, region=REGION, bucket="sealed", access_key_id=None, secret_access_key=None,
            at_rest=encrypted_by_kms(key_id),
        )  # fmt: skip
        store.ensure_bucket()
        heard: list[str] = []
        for client in (store._s3, store._s3_once, keyring._kms, keyring._kms_once):
            client.meta.events.register("before-call", lambda model, **_: heard.append(model.name))
        seen = {}
        for name, call in calls(store, keyring):
            heard.clear()
            call()
            seen[name] = seen.get(name, set()) | {*heard}
        yield seen


def calls(store: S3ObjectStore, keyring: KmsKeyring) -> Iterator[tuple[str, Any]]:
    """Every method, in an order in which each finds what it needs."""
    made: dict[str, Any] = {}
    yield "put_once", lambda: made.update(etag=store.put_once("key", DATA))
    yield "put_once", lambda: store._own_earlier_attempt("key", DATA)  # where an answer was lost
    yield "head", lambda: (store.head("key"), store.head("no such key"))
    yield "read", lambda: store.read("key", made["etag"], 0, 1).__exit__(None, None, None)
    yield "delete", lambda: store.delete("key")
    yield "begin_upload", lambda: made.update(upload=store.begin_upload("key"))
    yield "put_part", lambda: made.update(part=store.put_part("key", made["upload"], 1, DATA))
    yield "list_parts", lambda: store.list_parts("key", made["upload"])
    yield "complete_upload", lambda: store.complete_upload("key", made["upload"], [(1, made["part"])])
    yield "abort_upload", lambda: store.abort_upload("key", store.begin_upload("key"))
    yield "uploads", lambda: list(store.uploads())
    yield "objects", lambda: list(store.objects())
    yield "check", store.check
    yield "check", keyring.check
    yield "generate", lambda: made.update(wrapped=keyring.generate({"purpose": "service"})[1])
    yield "unwrap", lambda: keyring.unwrap(made["wrapped"], {"purpose": "service"})


def needed(role: str) -> set[str]:
    """The methods that a process's use cases name."""
    texts = [(ROOT / f"transfer_service/usecases/{name}.py").read_text() for name in USE_CASES[role]]
    named = {method for text in texts for method in re.findall(r"\b_?(?:store|keyring)\.([a-z_]+)", text)}
    return named | BY_THE_WAY[role]


def test_every_method_of_the_adapters_is_known_here(called: dict[str, set[str]]) -> None:
    public = {name for kind in (S3ObjectStore, KmsKeyring) for name in vars(kind) if not name.startswith("_")}
    assert called.keys() == public - {"ensure_bucket"}  # which an administrator does


def test_every_use_case_that_has_a_store_or_a_keyring_belongs_to_a_process() -> None:
    files = (ROOT / "transfer_service/usecases").glob("*.py")
    using = {path.stem for path in files if re.search(r"\b_?(store|keyring)\.[a-z_]+", path.read_text())}
    assert using - {"reach"} <= {name for names in USE_CASES.values() for name in names}


@pytest.mark.parametrize("role", ["serve", "worker"])
def test_a_process_is_granted_what_it_calls_and_nothing_beyond(called: dict[str, set[str]], role: str) -> None:
    operations = set().union(*(called[method] for method in needed(role)))
    assert granted(role) == {ACTIONS[operation] for operation in operations}


@pytest.mark.parametrize("role", ["serve", "worker"])
def test_a_grant_names_one_bucket_and_one_key_and_the_context(role: str) -> None:
    for statement in policy(f"{role}-policy"):
        assert statement["Effect"] == "Allow"
        assert "*" not in statement["Resource"].removesuffix("/*")
        assert not [action for action in actions_of(statement) if "*" in action]
        if actions_of(statement) & {"kms:Decrypt", "kms:GenerateDataKey"}:
            condition = statement["Condition"]
            keys = condition.get("ForAllValues:StringEquals", {}).get("kms:EncryptionContextKeys")
            assert "kms:ViaService" in condition.get("StringEquals", {}) or keys in (
                CONTEXT_ALONE["kms:EncryptionContextKeys"],
                ["purpose"],
            )


def test_the_key_serves_the_two_processes_and_its_administrators_do_not_use_it() -> None:
    administer, use, describe = policy("key-policy")
    assert not actions_of(administer) & {"kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:CreateGrant"}
    assert actions_of(use) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert use["Condition"]["ForAllValues:StringEquals"] == CONTEXT_ALONE
    assert actions_of(use) | actions_of(describe) == {each for each in granted("serve") if each.startswith("kms:")}


def test_the_bucket_denies_and_grants_nothing() -> None:
    statements = policy("bucket-policy")
    assert {each["Effect"] for each in statements} == {"Deny"}
    conditions = json.dumps([each["Condition"] for each in statements])
    for needed_word in (
        "aws:SecureTransport", "s3:TlsVersion", "s3:signatureAge", "s3:x-amz-server-side-encryption",
    ):  # fmt: skip
        assert needed_word in conditions
    for each in statements:  # a part of an upload carries no such header: what is absent is the bucket's own default
        if "s3:x-amz-server-side-encryption" in str(each["Condition"]):
            assert "false" in each["Condition"]["Null"].values()


def test_amazon_s_own_model_takes_every_file() -> None:
    """botocore knows the shapes, moto keeps them."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        s3.create_bucket(Bucket="hospital-transfer-sealed")
        of = {path.stem: json.loads(path.read_text()) for path in POLICIES.glob("*.json")}
        bucket = {"Bucket": "hospital-transfer-sealed"}
        s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration=of["lifecycle"])
        s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=of["public-access-block"])
        s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration=of["bucket-encryption"])
        s3.put_bucket_policy(**bucket, Policy=json.dumps(of["bucket-policy"]))
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        kms.create_key(Policy=json.dumps(of["key-policy"]))
        assert all(of["public-access-block"].values())
