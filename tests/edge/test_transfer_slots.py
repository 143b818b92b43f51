import threading

import pytest

from transfer_service.edge.transfer_slots import TransferSlots
from transfer_service.errors import Busy


def test_uploads_and_downloads_have_places_of_their_own() -> None:
    slots = TransferSlots(uploads=1, downloads=2)
    with slots.upload(), slots.download(), slots.download():
        with pytest.raises(Busy), slots.upload():
            pass
        with pytest.raises(Busy), slots.download():
            pass
    with slots.upload(), slots.download():
        pass


def test_a_place_is_given_back_after_a_failure() -> None:
    slots = TransferSlots(uploads=1, downloads=1)
    with pytest.raises(ZeroDivisionError), slots.upload():
        raise ZeroDivisionError
    with slots.upload():
        pass


def test_threads_together_never_hold_more_than_there_are() -> None:
    slots = TransferSlots(uploads=3, downloads=1)
    start, end, held, refused = threading.Barrier(8), threading.Event(), [], []

    def try_one() -> None:
        start.wait()
        try:
            with slots.upload():
                held.append(1)
                end.wait(10)
        except Busy:
            refused.append(1)
            if len(refused) == 5:
                end.set()

    threads = [threading.Thread(target=try_one) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(held), len(refused)) == (3, 5)
