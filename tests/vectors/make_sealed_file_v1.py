"""Makes ``sealed-file-v1.json``: a second, independent implementation of the sealed file format, version 1.

It shares no code with the service and takes nothing of the cryptography library but AES-256-GCM itself: HKDF is
written out over HMAC, and salts, keys and plaintexts are fixed (SHAKE-128 over a name), so that anyone can make
the same bytes again. Never seal anything real like this: a salt must never repeat.

    python tests/vectors/make_sealed_file_v1.py > tests/vectors/sealed-file-v1.json
"""

import base64
import hashlib
import hmac
import json
import struct
import sys
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 16_384
SEALED_CHUNK = CHUNK + 16
HEADER = 56
SMALL_PART = 20_000
NORMAL_PART = 16 * 1024 * 1024
NUMBERS = ("size", "part_bytes", "number")


def fixed(name, length):
    return hashlib.shake_128(name.encode()).digest(length)


def hkdf_expand_sha512(key, info, length):
    output, block = b"", b""
    while len(output) < length:
        block = hmac.digest(key, block + info + bytes([len(output) // 64 + 1]), "sha512")
        output += block
    return output[:length]


def file_key(packet_key, file_id):
    return hkdf_expand_sha512(packet_key, b"transfer-service/file-key/v1\x00" + file_id.bytes, 32)


def context(place):
    ids = uuid.UUID(place["packet_id"]).bytes + uuid.UUID(place["file_id"]).bytes
    return b"transfer-service/part/v1\x00" + ids + struct.pack(">QQI", *(place[name] for name in NUMBERS))


def seal(key, where, salt, plaintext):
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + where
    derived = hkdf_expand_sha512(key, info, 76)
    aead, nonce = AESGCM(derived[:32]), int.from_bytes(derived[32:44], "big")
    chunks = [plaintext[at : at + CHUNK] for at in range(0, len(plaintext) + 1, CHUNK)]
    sealed = [aead.encrypt((nonce ^ i).to_bytes(12, "big"), chunk, None) for i, chunk in enumerate(chunks)]
    return salt + derived[44:] + b"".join(sealed)


def sealed_file(name, size, part_bytes):
    packet_id = uuid.UUID(bytes=fixed(f"packet id of {name}", 16), version=4)
    file_id = uuid.UUID(bytes=fixed(f"file id of {name}", 16), version=4)
    packet_key = fixed(f"packet key of {name}", 32)
    key = file_key(packet_key, file_id)
    plaintext = fixed(f"plaintext of {name}", size)
    parts = []
    for number, start in enumerate(range(0, max(size, 1), part_bytes), 1):
        place = {"packet_id": str(packet_id), "file_id": str(file_id), "size": size, "part_bytes": part_bytes}
        where = context({**place, "number": number})
        salt = fixed(f"salt of part {number} of {name}", 24)
        sealed = seal(key, where, salt, plaintext[start : start + part_bytes])
        parts.append({"number": number, "context": where.hex(), "sealed": base64.b64encode(sealed).decode()})
    return {
        "name": name,
        "packet_key": packet_key.hex(),
        "packet_id": str(packet_id),
        "file_id": str(file_id),
        "file_key": key.hex(),
        "size": size,
        "part_bytes": part_bytes,
        "plaintext": f"shake-128 of 'plaintext of {name}'",
        "plaintext_sha256": hashlib.sha256(plaintext).hexdigest(),
        "parts": parts,
    }


def files():
    sizes = {"0": 0, "1": 1, "16383": CHUNK - 1, "16384": CHUNK, "16385": CHUNK + 1}
    for name, size in sizes.items():
        yield sealed_file(f"file of {name} bytes", size, NORMAL_PART)
    for name, size in {"S-1": SMALL_PART - 1, "S": SMALL_PART, "S+1": SMALL_PART + 1}.items():
        yield sealed_file(f"file of {name} bytes", size, SMALL_PART)


def case(name, fails_at, prefix=0, *, of="file of 16385 bytes", part=1, edits=(), **place):
    """``fails_at`` is the first chunk that must not open, or "header"; ``prefix`` the plaintext bytes before it."""
    edits = [dict(zip(("op", "at", "to"), edit, strict=False)) for edit in edits]
    return {"name": name, "file": of, "part": part, "edits": edits, "place": place, "fails_at": fails_at,
            "valid_prefix": prefix}  # fmt: skip


def tampered():
    first, second = HEADER, HEADER + SEALED_CHUNK
    end = second + 17
    other = "1f0c9d2e-7b1a-4c55-9d0e-3a52f6f3b8a1"
    two_parts = "file of S+1 bytes"
    return [
        case("a bit of the salt flipped", "header", edits=[("flip", 0)]),
        case("a bit of the commitment flipped", "header", edits=[("flip", 24)]),
        case("a bit of the first chunk flipped", 0, edits=[("flip", first)]),
        case("a bit of the first tag flipped", 0, edits=[("flip", second - 1)]),
        case("a bit of the last chunk flipped", 1, CHUNK, edits=[("flip", second)]),
        case("a bit of the last tag flipped", 1, CHUNK, edits=[("flip", end - 1)]),
        case("nothing at all", "header", edits=[("cut", 0)]),
        case("half a header", "header", edits=[("cut", 28)]),
        case("a header alone", 0, edits=[("cut", HEADER)]),
        case("cut inside the first chunk", 0, edits=[("cut", 5_000)]),
        case("the last chunk missing", 1, CHUNK, edits=[("cut", second)]),
        case("the last byte missing", 1, CHUNK, edits=[("cut", end - 1)]),
        case("a byte appended", 1, CHUNK, edits=[("append", 1)]),
        case("a chunk's worth of bytes appended", 1, CHUNK, edits=[("append", SEALED_CHUNK)]),
        case("the empty last chunk missing", 1, CHUNK, of="file of 16384 bytes", edits=[("cut", second)]),
        case("the chunks swapped", 0, edits=[("swap", first, second)]),
        case("the first chunk twice", 1, CHUNK, edits=[("double", first, second)]),
        case("in another packet", "header", packet_id=other),
        case("in another file of the packet", "header", file_id=other),
        case("in a file of another size", "header", size=16_386),
        case("in a file cut into other parts", "header", part_bytes=2 * NORMAL_PART),
        case("part 1 in the place of part 2", "header", of=two_parts, part=1, number=2),
        case("part 2 in the place of part 1", "header", of=two_parts, part=2, number=1),
        case("under another packet key", "header", packet_key=fixed("another key", 32).hex()),
    ]


def vectors():
    return {
        "format": "transfer-service sealed file, version 1 (C2SP Cobblestone-256)",
        "edits": {
            "flip": "invert bit 0 of byte `at`",
            "cut": "keep the first `at` bytes",
            "append": "append `at` bytes 0x00",
            "swap": "move the bytes from `to` on to before those from `at` to `to`",
            "double": "insert the bytes from `at` to `to` a second time at `to`",
        },
        "files": list(files()),
        "tampered": tampered(),
    }


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=1)
    sys.stdout.write("\n")
