import hashlib
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore, Lock

import pytest

from transfer_service.errors import Busy
from transfer_service.sealing import tokens
from transfer_service.sealing.secret import SecretKey
from transfer_service.sealing.tokens import (
    code_hash,
    keyed_digest,
    matches,
    mint_code,
    mint_secret,
    mint_token,
    passcode_hash,
    token_hash,
)

KEY = SecretKey(bytes(range(32)))
OTHER_KEY = SecretKey(bytes(32))


def test_a_token_has_its_prefix_and_256_bits():
    minted = {mint_token() for _ in range(100)}
    assert len(minted) == 100
    assert all(re.fullmatch(r"ts_[A-Za-z0-9_-]{43}", token) for token in minted)


def test_a_secret_has_256_bits():
    minted = {mint_secret() for _ in range(100)}
    assert len(minted) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in minted)


def test_a_token_is_kept_as_its_sha_256():
    assert token_hash("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_code_has_six_digits_and_every_digit_everywhere():
    codes = [mint_code() for _ in range(2_000)]
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in codes)
    for position in range(6):
        assert len(Counter(code[position] for code in codes)) == 10


def test_a_code_counts_in_its_own_scope_and_under_its_own_key_alone():
    digests = {
        code_hash(KEY, b"link 1", "123456"),
        code_hash(KEY, b"link 2", "123456"),
        code_hash(KEY, b"link 11", "23456"),
        code_hash(KEY, b"link 1", "123457"),
        code_hash(OTHER_KEY, b"link 1", "123456"),
    }
    assert len(digests) == 5
    assert code_hash(KEY, b"link 1", "123456") in digests


def test_a_passcode_hash_depends_on_key_salt_and_passcode():
    digest = passcode_hash(KEY, b"salt", "correct horse")
    assert len(digest) == 32
    assert digest == passcode_hash(KEY, b"salt", "correct horse")
    others = [
        passcode_hash(OTHER_KEY, b"salt", "correct horse"),
        passcode_hash(KEY, b"tlas", "correct horse"),
        passcode_hash(KEY, b"salt", "Correct horse"),
    ]
    assert len({digest, *others}) == 4


def test_a_passcode_hash_is_scrypt_of_8_mib_over_the_keyed_passcode():
    peppered = keyed_digest(KEY, "correct hörse".encode())
    eight_mib = 8 * 1024 * 1024
    assert eight_mib == 128 * 2**13 * 8
    expected = hashlib.scrypt(peppered, salt=b"salt", n=2**13, r=8, p=10, maxmem=2 * eight_mib, dklen=32)
    assert passcode_hash(KEY, b"salt", "correct hörse") == expected


class CountedPlaces:
    """The module's own places, counting how many are taken at once."""

    def __init__(self, places):
        self.places, self.lock, self.taken, self.most = places, Lock(), 0, 0

    def __enter__(self):
        self.places.acquire()
        with self.lock:
            self.taken += 1
            self.most = max(self.most, self.taken)

    def __exit__(self, *_):
        with self.lock:
            self.taken -= 1
        self.places.release()


def test_at_most_two_passcodes_are_hashed_at_once(monkeypatch):
    places = CountedPlaces(tokens._SCRYPT._places)
    monkeypatch.setattr(tokens._SCRYPT, "_places", places)
    assert isinstance(places.places, BoundedSemaphore)
    start = Barrier(5)

    def guess(number):
        start.wait()
        return passcode_hash(KEY, b"salt", str(number))

    with ThreadPoolExecutor(5) as pool:
        digests = list(pool.map(guess, range(5)))
    assert len(set(digests)) == 5
    assert places.most == 2


def test_a_flood_of_passcodes_is_turned_away_and_takes_no_more_threads():
    start = Barrier(24)

    def guess(number):
        start.wait()
        try:
            return passcode_hash(KEY, b"salt", str(number))
        except Busy:
            return None

    with ThreadPoolExecutor(24) as pool:
        digests = [digest for digest in pool.map(guess, range(24)) if digest]
    assert 8 <= len(digests) < 24
    assert passcode_hash(KEY, b"salt", "correct horse") not in digests


@pytest.mark.parametrize(("a", "b", "equal"), [(b"ab", b"ab", True), (b"ab", b"ac", False), (b"ab", b"a", False)])
def test_digests_match_only_when_equal(a, b, equal):
    assert matches(a, b) is equal


def test_a_keyed_digest_is_hmac_sha_256():
    """RFC 4231 test case 2; its 4-byte key padded with zeros makes the same HMAC key."""
    padded = SecretKey(b"Jefe".ljust(32, b"\0"))
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert keyed_digest(padded, b"what do ya want for nothing?").hex() == expected
