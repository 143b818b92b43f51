import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.edge.bodies import sha256_declared
from transfer_service.edge.refusal import Refusal


@given(st.binary(min_size=32, max_size=32))
def test_a_declared_sha256_is_found_among_others(digest: bytes) -> None:
    text = base64.b64encode(digest).decode()
    assert sha256_declared(f"sha-256=:{text}:") == digest
    assert sha256_declared(f"sha-512=:AAAA:, sha-256=:{text}:, md5=:AAAA:") == digest


def test_without_a_sha256_nothing_is_declared() -> None:
    assert sha256_declared(None) is None
    assert sha256_declared("sha-512=:AAAA:") is None


@pytest.mark.parametrize(
    "header",
    [
        "", "sha-256", "sha-256=abc", "sha-256=::", "sha-256=:AAAA:", "sha-256=:!!!!:", "SHA-256=:AAAA:", ",",
        "sha-256=:" + "A" * 43 + ":", "sha-256=:" + "A" * 43 + "=:;x=1 y", "sha-256=" + "a" * 64,
        ", ".join(["sha-256=:" + "A" * 43 + "=:"] * 2),
    ],
)  # fmt: skip
def test_a_malformed_digest_is_refused_not_passed_over(header: str) -> None:
    with pytest.raises(Refusal) as refused:
        sha256_declared(header)
    assert refused.value.word == "digest_malformed"


@given(st.text(max_size=60))
def test_any_digest_header_is_read_or_refused(header: str) -> None:
    try:
        found = sha256_declared(header)
    except Refusal:
        return
    assert found is None or len(found) == 32
