"""C2SP/wycheproof vectors, which are handed in beside the project."""

import hashlib
import json
import zlib
from collections import Counter

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from transfer_service.errors import SealBroken
from transfer_service.sealing.chunks import MessageReader
from transfer_service.sealing.layout import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES
from transfer_service.sealing.messages import open_message
from transfer_service.sealing.secret import SecretKey


def cases(path):
    groups = json.loads(path.read_text(encoding="utf-8"))["testGroups"]
    return [(group, case) for group in groups for case in group["tests"]]


def unpacked(text):
    """Long ciphertexts of the Cobblestone file are zlib streams in hexadecimal."""
    return zlib.decompress(bytes.fromhex(text))


def cobblestone_cases(shared_vectors):
    return [case for _, case in cases(shared_vectors / "c2sp_chunked_encryption_aes_256_gcm_test.json")]


def described(plaintext):
    return {"msgLength": len(plaintext), "msgSha512": hashlib.sha512(plaintext).hexdigest()}


def plan_of(body):
    """The plaintext size that someone would declare for a body of this length."""
    full, rest = divmod(len(body), SEALED_CHUNK_BYTES)
    return full * CHUNK_BYTES + max(0, rest - 16)


def reader_of(case):
    sealed = unpacked(case["ct"])
    body = sealed[HEADER_BYTES:]
    key, context = SecretKey(bytes.fromhex(case["key"])), bytes.fromhex(case["ctx"])
    return MessageReader(key, context, plan_of(body), sealed[:HEADER_BYTES]), body


def opened_in_runs(reader, body, chunks):
    run = chunks * SEALED_CHUNK_BYTES
    return b"".join(reader.open(at // SEALED_CHUNK_BYTES, body[at : at + run]) for at in range(0, len(body), run))


def test_all_35_cobblestone_vectors_are_there(shared_vectors):
    results = Counter(case["result"] for case in cobblestone_cases(shared_vectors))
    assert results == {"valid": 10, "invalid": 25}


def test_every_valid_cobblestone_message_opens_whole_and_in_any_runs_of_chunks(shared_vectors):
    for case in cobblestone_cases(shared_vectors):
        if case["result"] == "valid":
            expected = {"msgLength": case["msgLength"], "msgSha512": case["msgSha512"]}
            key, context = SecretKey(bytes.fromhex(case["key"])), bytes.fromhex(case["ctx"])
            assert described(open_message(key, context, unpacked(case["ct"]))) == expected
            for chunks in (1, 2, 300):
                assert described(opened_in_runs(*reader_of(case), chunks)) == expected


def test_every_invalid_cobblestone_message_is_refused_whole_and_by_random_access(shared_vectors):
    for case in cobblestone_cases(shared_vectors):
        if case["result"] == "invalid":
            assert refuses(lambda case=case: opened_whole(case)), case["comment"]
            assert refuses(lambda case=case: all_chunks(case)), case["comment"]


def opened_whole(case):
    key, context = SecretKey(bytes.fromhex(case["key"])), bytes.fromhex(case["ctx"])
    return open_message(key, context, unpacked(case["ct"]))


def all_chunks(case):
    """Read everything to the end; a message needs its short last chunk, even where that holds nothing."""
    reader, body = reader_of(case)
    whole, full = len(body) // SEALED_CHUNK_BYTES, len(body) // SEALED_CHUNK_BYTES * SEALED_CHUNK_BYTES
    start = reader.open(0, body[:full]) if whole else b""
    return start + reader.open(whole, body[full:])


def refuses(step):
    try:
        step()
    except SealBroken:
        return True
    except ValueError as error:
        return str(error) == "a key has exactly 32 bytes"
    return False


def test_a_wrong_header_is_refused_before_any_chunk_is_seen(shared_vectors):
    wrong = [case for case in cobblestone_cases(shared_vectors) if "HeaderFailure" in case["flags"]]
    assert len(wrong) == 10
    for case in wrong:
        assert refuses(lambda case=case: reader_of(case)), case["comment"]


def test_a_part_broken_message_streams_its_valid_prefix_and_never_a_byte_more(shared_vectors):
    broken = [case for case in cobblestone_cases(shared_vectors) if "PartialPlaintext" in case["flags"]]
    assert broken
    for case in broken:
        reader, body = reader_of(case)
        prefix = bytearray()
        with pytest.raises(SealBroken):  # noqa: PT012 - which chunk breaks it is the vector's to say
            for at in range(0, len(body) + 1, SEALED_CHUNK_BYTES):
                prefix += reader.open(at // SEALED_CHUNK_BYTES, body[at : at + SEALED_CHUNK_BYTES])
        assert described(prefix) == {"msgLength": case["msgLength"], "msgSha512": case["msgSha512"]}


def test_our_aes_gcm_gives_the_right_answer_for_every_vector(shared_vectors):
    answers, refused_iv_bytes = Counter(), Counter()
    for _, case in cases(shared_vectors / "aes_gcm_test.json"):
        octets = {name: bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")}
        sealed = octets["ct"] + octets["tag"]
        try:
            opened = AESGCM(octets["key"]).decrypt(octets["iv"], sealed, octets["aad"])
        except InvalidTag:
            assert case["result"] == "invalid"
            answers["refused"] += 1
        except ValueError:  # the library takes nonces of 8 to 128 bytes; ours have 12
            refused_iv_bytes[len(octets["iv"])] += 1
        else:
            assert (case["result"], opened) == ("valid", octets["msg"])
            answers["opened"] += 1
    assert answers == {"opened": 202, "refused": 81}
    assert refused_iv_bytes == {0: 6, 1: 6, 2: 6, 4: 6, 6: 6, 257: 3}


def test_our_hkdf_sha512_gives_the_right_answer_for_every_vector(shared_vectors):
    answers = Counter()
    for _, case in cases(shared_vectors / "hkdf_sha512_test.json"):
        ikm, salt, info = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))
        pseudorandom_key = HKDF.extract(SHA512(), salt, ikm)
        answers[case["result"]] += 1
        if case["result"] == "valid":
            okm = HKDFExpand(SHA512(), case["size"], info).derive(pseudorandom_key)
            assert okm.hex() == case["okm"]
        else:
            with pytest.raises(ValueError, match="larger than"):
                HKDFExpand(SHA512(), case["size"], info)
    assert answers == {"valid": 80, "invalid": 3}
