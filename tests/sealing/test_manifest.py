import base64
import copy
import hashlib

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from transfer_service.errors import SealBroken
from transfer_service.sealing.manifest import SigningKey, canonical, salted_digest, verify
from transfer_service.sealing.secret import SecretKey

# RFC 8032, section 7.1, test 1.
RFC_SEED = SecretKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
RFC_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

KEY = SigningKey(RFC_SEED)
PEM = KEY.public_key_pem()
DOCUMENT = {
    "packet": "p-1",
    "closed_at": "2026-03-01T12:00:00Z",
    "files": [
        {"id": "f-1", "path": "slides/HE 1.svs", "size_bytes": 5, "sha256": "aa"},
        {"id": "f-2", "path": "slides/HER2 ü.svs", "size_bytes": 6, "sha256": "bb"},
    ],
}
SIGNATURE = KEY.sign(DOCUMENT)


def test_a_manifest_verifies_whatever_the_order_of_its_members():
    verify(DOCUMENT, SIGNATURE, PEM)
    verify(dict(reversed(DOCUMENT.items())), SIGNATURE, PEM)


def test_the_canonical_form_is_that_of_rfc_8785():
    assert canonical({"b": [1, True, None], "a": "€\n", "\u00e9": 1.5}) == (
        b'{"a":"\xe2\x82\xac\\n","b":[1,true,null],"\xc3\xa9":1.5}'
    )


@pytest.mark.parametrize("number", [2**53, float("nan"), float("inf")])
def test_a_number_that_json_cannot_carry_exactly_is_refused(number):
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical({"n": number})
    with pytest.raises(SealBroken):
        verify({"n": number}, SIGNATURE, PEM)


def test_the_key_is_made_of_its_seed_and_named_by_its_public_key():
    assert KEY.seed == RFC_SEED
    assert KEY.key_id == hashlib.sha256(RFC_PUBLIC).hexdigest()[:16]
    assert base64.b64encode(RFC_PUBLIC)[-16:].decode() in PEM
    assert SigningKey.generate().key_id != SigningKey.generate().key_id


def test_the_signed_bytes_are_the_domain_and_the_canonical_form():
    padded = base64.urlsafe_b64decode(SIGNATURE + "==")
    message = b"transfer-service/manifest/v1\0" + canonical(DOCUMENT)
    KEY._private.public_key().verify(padded, message)
    assert len(SIGNATURE) == 86


def changed(change):
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["files"].reverse(),
        lambda d: d["files"].pop(),
        lambda d: d["files"].append(dict(d["files"][0], id="f-3")),
        lambda d: d["files"][0].update(path="slides/HE 2.svs"),
        lambda d: d["files"][0].update(size_bytes=6),
        lambda d: d["files"][1].update(sha256="bc"),
        lambda d: d.update(packet="p-2"),
        lambda d: d.update(closed_at="2026-02-01T12:00:00Z"),
        lambda d: d.update(more=None),
        lambda d: d.clear(),
    ],
    ids=["reordered", "missing", "extra", "renamed", "size", "digest", "other packet", "older", "member", "empty"],
)
def test_a_changed_manifest_is_refused(change):
    with pytest.raises(SealBroken):
        verify(changed(change), SIGNATURE, PEM)


def test_the_signature_of_another_manifest_is_refused():
    older = changed(lambda d: d.update(closed_at="2026-02-01T12:00:00Z"))
    with pytest.raises(SealBroken):
        verify(DOCUMENT, KEY.sign(older), PEM)
    with pytest.raises(SealBroken):
        verify(DOCUMENT, SigningKey.generate().sign(DOCUMENT), PEM)


@pytest.mark.parametrize(
    "signature",
    ["", "é", "A" * 86, SIGNATURE[:-1], SIGNATURE + "=", SIGNATURE + "A", " " + SIGNATURE, SIGNATURE[:40] + "\n"],
)
def test_what_is_no_signature_is_refused(signature):
    with pytest.raises(SealBroken):
        verify(DOCUMENT, signature, PEM)


def test_a_signature_has_one_spelling():
    """Its last character carries two bits that mean nothing; only zeros are taken."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelled = SIGNATURE[:-1] + alphabet[alphabet.index(SIGNATURE[-1]) ^ 1]
    assert base64.urlsafe_b64decode(respelled + "==") == base64.urlsafe_b64decode(SIGNATURE + "==")
    with pytest.raises(SealBroken):
        verify(DOCUMENT, respelled, PEM)


def test_what_is_no_ed25519_public_key_is_refused():
    form = PublicFormat.SubjectPublicKeyInfo
    other_kind = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, form).decode()
    for pem in ("", "not a key", PEM[:60], other_kind, SigningKey.generate().public_key_pem()):
        with pytest.raises(SealBroken):
            verify(DOCUMENT, SIGNATURE, pem)


def test_a_salted_digest_depends_on_salt_and_document():
    salt = bytes(32)
    expected = hashlib.sha256(salt + canonical(DOCUMENT)).hexdigest()
    assert salted_digest(salt, DOCUMENT) == expected
    assert salted_digest(b"1" * 32, DOCUMENT) != expected
    assert salted_digest(salt, {**DOCUMENT, "packet": "p-2"}) != expected
