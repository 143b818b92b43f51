"""The project's own vectors, made by an independent implementation: tests/vectors/make_sealed_file_v1.py."""

import base64
import hashlib
import json
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor

from tests.vectors import make_sealed_file_v1
from transfer_service.errors import SealBroken
from transfer_service.sealing.keys import SecretKey, file_key
from transfer_service.sealing.layout import CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES, Layout
from transfer_service.sealing.part import ChunkReader, PartOpener, PieceOpener, part_context

PATH = Path(__file__).parents[1] / "vectors" / "sealed-file-v1.json"
VECTORS = json.loads(PATH.read_text(encoding="utf-8"))
FILES = {file["name"]: file for file in VECTORS["files"]}

each_file = pytest.mark.parametrize("file", FILES.values(), ids=FILES)
each_tampering = pytest.mark.parametrize("case", VECTORS["tampered"], ids=lambda case: case["name"])
each_slicing = pytest.mark.parametrize("step", [1_000, SEALED_CHUNK_BYTES, 10**6])


def sealed(part):
    return base64.b64decode(part["sealed"])


def arguments(file, number):
    packet_id, file_id = UUID(file["packet_id"]), UUID(file["file_id"])
    layout = Layout(file["size"], file["part_bytes"])
    return file_key(SecretKey(bytes.fromhex(file["packet_key"])), file_id), packet_id, file_id, layout, number


def slices(octets, step):
    return [octets[at : at + step] for at in range(0, len(octets), step)]


def edited(octets, edit):
    at, to = edit["at"], edit.get("to")
    match edit["op"]:
        case "flip":
            return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        case "cut":
            return octets[:at]
        case "append":
            return octets + bytes(at)
        case "swap":
            return octets[:at] + octets[to:] + octets[at:to]
        case "double":
            return octets[:to] + octets[at:to] + octets[to:]


def tampered(case):
    """The arguments for the readers, the plaintext of the part, and the sealed bytes as tampered with."""
    file = FILES[case["file"]]
    place = {"number": case["part"], **case["place"]}
    octets = sealed(file["parts"][case["part"] - 1])
    for edit in case["edits"]:
        octets = edited(octets, edit)
    start = (case["part"] - 1) * file["part_bytes"]
    plaintext = make_sealed_file_v1.fixed(f"plaintext of {file['name']}", file["size"])
    return arguments({**file, **place}, place["number"]), plaintext[start:], octets


def test_the_committed_vectors_are_what_the_script_makes():
    made = json.dumps(make_sealed_file_v1.vectors(), indent=1) + "\n"
    assert made == PATH.read_text(encoding="utf-8")


@each_file
def test_a_vector_opens_with_nothing_but_cobblestone(file):
    digest = hashlib.sha256()
    for part in file["parts"]:
        decryptor = Cobblestone256Decryptor(bytes.fromhex(file["file_key"]), bytes.fromhex(part["context"]))
        digest.update(decryptor.update(sealed(part)) + decryptor.finalize())
    assert digest.hexdigest() == file["plaintext_sha256"]


@each_file
def test_a_vector_fixes_the_file_key_the_context_and_every_length(file):
    for part in file["parts"]:
        key, packet_id, file_id, layout, number = arguments(file, part["number"])
        assert key == SecretKey(bytes.fromhex(file["file_key"]))
        assert part_context(packet_id, file_id, layout, number).hex() == part["context"]
        assert len(sealed(part)) == layout.sealed_part_size(number)
        assert len(file["parts"]) == layout.part_count


@each_file
@each_slicing
def test_a_vector_opens_in_order(file, step):
    digest = hashlib.sha256()
    for part in file["parts"]:
        opener = PartOpener(*arguments(file, part["number"]))
        for piece in slices(sealed(part), step):
            digest.update(opener.update(piece))
        digest.update(opener.finish())
        assert opener.header == sealed(part)[:HEADER_BYTES]
    assert digest.hexdigest() == file["plaintext_sha256"]


@each_file
@each_slicing
def test_a_vector_opens_by_pieces(file, step):
    layout = Layout(file["size"], file["part_bytes"])
    stored = b"".join(map(sealed, file["parts"]))
    digest = hashlib.sha256()
    for piece in layout.pieces(0, file["size"]):
        header = sealed(file["parts"][piece.number - 1])[:HEADER_BYTES]
        opener = PieceOpener(ChunkReader(*arguments(file, piece.number), header), piece)
        for octets in slices(stored[piece.sealed_start : piece.sealed_start + piece.sealed_length], step):
            digest.update(opener.update(octets))
        opener.finish()
    assert digest.hexdigest() == file["plaintext_sha256"]


@each_tampering
@each_slicing
def test_a_tampered_part_gives_at_most_its_valid_prefix_and_stays_broken(case, step):
    place, plaintext, octets = tampered(case)
    opener, released = PartOpener(*place), bytearray()
    with pytest.raises(SealBroken):  # noqa: PT012 - which slice breaks it depends on the case
        for piece in slices(octets, step):
            released += opener.update(piece)
        opener.finish()
    assert plaintext[: case["valid_prefix"]].startswith(released)
    for again in (lambda: opener.update(b""), lambda: opener.update(octets), opener.finish):
        with pytest.raises(SealBroken):
            again()


@each_tampering
def test_a_tampered_part_fails_at_the_chunk_the_vector_names(case):
    place, plaintext, octets = tampered(case)
    header, body = octets[:HEADER_BYTES], octets[HEADER_BYTES:]
    if case["fails_at"] == "header":
        with pytest.raises(SealBroken):
            ChunkReader(*place, header)
        return
    reader = ChunkReader(*place, header)
    good = case["fails_at"] * SEALED_CHUNK_BYTES
    for index, chunk in enumerate(slices(body[:good], SEALED_CHUNK_BYTES)):
        assert reader.open(index, chunk) == plaintext[index * CHUNK_BYTES :][:CHUNK_BYTES]
    with pytest.raises(SealBroken):
        reader.open(case["fails_at"], body[good:])
