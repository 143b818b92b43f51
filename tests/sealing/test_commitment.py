"""AES-GCM alone does not commit to its key: here is a chunk that opens under two, and what stops it.

The construction is that of "invisible salamanders" (Dodis, Grubbs, Ristenpart, Woodage 2018): one ciphertext block
is solved for, so that both keys give the same tag.
"""

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from transfer_service.errors import SealBroken
from transfer_service.sealing.layout import Layout
from transfer_service.sealing.messages import expand
from transfer_service.sealing.part import ChunkReader, PartOpener, part_context
from transfer_service.sealing.secret import SecretKey

PLACE = (UUID(int=1), UUID(int=2), Layout(16, 16), 1)
INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
SALT = bytes(24)
BLOCK_BITS = 128


def multiplied(x, y):
    """In the field of GHASH (NIST SP 800-38D, section 6.3)."""
    product = 0
    for bit in reversed(range(BLOCK_BITS)):
        product ^= x if y >> bit & 1 else 0
        x = (x >> 1) ^ (0xE1 << 120 if x & 1 else 0)
    return product


def inverted(x):
    """x to the power 2**128 - 2."""
    result = 1 << 127
    for _ in range(BLOCK_BITS - 1):
        x = multiplied(x, x)
        result = multiplied(result, x)
    return result


def derived(key):
    octets = expand(key, INFO + SALT + part_context(*PLACE), 76)
    return octets[:32], octets[32:44], octets[44:]


def hash_key_and_mask(aes_key, nonce):
    encryptor = Cipher(AES256(aes_key), ECB()).encryptor()
    return (
        int.from_bytes(encryptor.update(bytes(16))),
        int.from_bytes(encryptor.update(nonce + (1).to_bytes(4))),
    )


def chunk_for_both(one, other):
    """One block and a tag that both keys accept: block * h**2 + length * h + mask is equal for the two."""
    (h, mask), (g, other_mask) = hash_key_and_mask(*one), hash_key_and_mask(*other)
    length = BLOCK_BITS
    right = multiplied(length, h ^ g) ^ mask ^ other_mask
    block = multiplied(right, inverted(multiplied(h, h) ^ multiplied(g, g)))
    tag = multiplied(block, multiplied(h, h)) ^ multiplied(length, h) ^ mask
    return block.to_bytes(16) + tag.to_bytes(16)


def test_a_chunk_made_to_open_under_two_keys_is_refused_at_the_commitment():
    key, other_key = SecretKey(b"1" * 32), SecretKey(b"2" * 32)
    (aes, nonce, commitment), (other_aes, other_nonce, _) = derived(key), derived(other_key)
    chunk = chunk_for_both((aes, nonce), (other_aes, other_nonce))
    assert AESGCM(aes).decrypt(nonce, chunk, None) != AESGCM(other_aes).decrypt(other_nonce, chunk, None)

    header = SALT + commitment
    assert len(ChunkReader(key, *PLACE, header).open(0, chunk)) == 16
    with pytest.raises(SealBroken):
        ChunkReader(other_key, *PLACE, header)
    with pytest.raises(SealBroken):
        PartOpener(other_key, *PLACE).update(header)
