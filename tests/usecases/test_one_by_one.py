"""What is done to many packets: one that fails keeps nobody else's from its turn, and is reported once."""

import pytest

from tests.factories import a_packet
from transfer_service.errors import SealBroken, Unavailable
from transfer_service.usecases.one_by_one import OneByOne


def failing(*broken, error=SealBroken):
    """What was done to each, and what does it: an error for each of the broken."""
    done = []

    def act(packet):
        if packet in broken:
            raise error
        done.append(packet)
        return True

    return done, act


def test_what_did_something_is_counted():
    packets = [a_packet() for _ in range(3)]
    assert OneByOne().do(packets, lambda packet: packet is not packets[1]) == 2


def test_one_that_fails_is_raised_when_all_had_their_turn_with_its_id_as_a_note():
    packets = [a_packet() for _ in range(3)]
    done, act = failing(packets[0])
    with pytest.raises(SealBroken) as caught:
        OneByOne().do(packets, act)
    assert done == packets[1:]
    assert caught.value.__notes__ == [f"It was packet {packets[0].id}."]


def test_many_that_fail_are_raised_together():
    packets = [a_packet() for _ in range(3)]
    _, act = failing(*packets[:2])
    with pytest.raises(ExceptionGroup) as caught:
        OneByOne().do(packets, act)
    assert [type(error) for error in caught.value.exceptions] == [SealBroken] * 2


def test_a_failure_is_raised_once_until_it_is_mended():
    packet, one_by_one = a_packet(), OneByOne()
    _, broken = failing(packet)
    _, mended = failing()
    for _ in range(2):
        with pytest.raises(SealBroken):
            one_by_one.do([packet], broken)
        assert one_by_one.do([packet], broken) == 0
        assert one_by_one.do([packet], mended) == 1


def test_what_is_unavailable_for_one_is_for_all():
    packets = [a_packet() for _ in range(3)]
    done, act = failing(packets[1], error=Unavailable)
    with pytest.raises(Unavailable):
        OneByOne().do(packets, act)
    assert done == packets[:1]
