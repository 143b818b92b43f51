"""A document opens in its own place alone: under its key, of its release, by its id, of its size."""

from uuid import UUID

import pytest

from transfer_service.errors import PartSizeWrong, SealBroken
from transfer_service.sealing.document import DocumentOpener, DocumentSealer, document_context
from transfer_service.sealing.keys import SecretKey, open_field
from transfer_service.sealing.messages import open_message

KEY, RELEASE, DOCUMENT = SecretKey(b"k" * 32), UUID(int=1), UUID(int=2)
TEXT = b"%PDF-" + bytes(20_000)
SIZE = len(TEXT)


def sealed(text=TEXT):
    sealer = DocumentSealer(KEY, RELEASE, DOCUMENT, len(text))
    sealer.update(text)
    return bytes(sealer.finish())


def opened(octets, *, key=KEY, release=RELEASE, document=DOCUMENT, size=SIZE):
    opener = DocumentOpener(key, release, document, size)
    return opener.update(octets) + opener.finish()


def test_what_was_sealed_opens_also_as_one_plain_message_of_the_scheme():
    assert opened(sealed()) == TEXT
    assert open_message(KEY, document_context(RELEASE, DOCUMENT, SIZE), sealed()) == TEXT
    assert document_context(RELEASE, DOCUMENT, 5) == (
        b"transfer-service/document/v1\0" + RELEASE.bytes + DOCUMENT.bytes + b"\0\0\0\0\0\0\0\5"
    )


@pytest.mark.parametrize(
    "elsewhere",
    [{"key": SecretKey(b"o" * 32)}, {"release": DOCUMENT}, {"document": RELEASE}, {"size": SIZE + 1}],
)
def test_it_opens_nowhere_else(elsewhere):
    with pytest.raises(SealBroken):
        opened(sealed(), **elsewhere)
    with pytest.raises(SealBroken):
        open_field(KEY, "release_documents", "key", DOCUMENT, sealed())


def test_cut_or_longer_it_does_not_open():
    octets = sealed()
    for cut in (octets[:-1], octets[:-16], octets + b"x", octets[:60], b""):
        with pytest.raises(SealBroken):
            opened(cut)


def test_a_document_has_the_size_that_was_planned():
    sealer = DocumentSealer(KEY, RELEASE, DOCUMENT, 4)
    sealer.update(b"abc")
    with pytest.raises(PartSizeWrong):
        sealer.finish()
    with pytest.raises(PartSizeWrong):
        sealer.update(b"de")
