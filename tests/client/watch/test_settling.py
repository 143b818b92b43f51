"""When a file has stopped growing."""

import os

from tests.client.watch.folder import made, seen
from transfer_service.client.watch.settling import Settling, why_not_readable


def test_a_file_is_settled_after_two_looks_and_time_and_anew_after_each_change(tmp_path):
    settling = Settling(60)
    slide = made(tmp_path, "a.svs") / "a.svs"

    def waits(at_s: float) -> str:
        files = seen(tmp_path)
        settling.look(files, at_s)
        return settling.why_not(files, at_s)

    assert waits(0) == waits(59) == "it has to stay as it is for 60 s"
    assert waits(60) == ""
    slide.write_bytes(b"grown")
    assert waits(1000)
    assert waits(1059)
    os.utime(slide, ns=(1, 1))  # as many bytes, rewritten
    assert waits(1061)
    assert waits(1121) == ""
    slide.write_bytes(b"")
    assert waits(2000) == waits(3000) == "it is empty so far"
    slide.unlink()
    waits(3001)
    slide.write_bytes(b"")
    assert waits(9000)


def test_one_look_is_never_enough_however_long_ago_the_file_was_written(tmp_path):
    settling, files = Settling(0), seen(made(tmp_path, "a.svs"))
    settling.look(files, 5)
    assert settling.why_not(files, 5)
    settling.look(files, 5)
    assert settling.why_not(files, 5) == ""


def test_what_another_program_holds_and_what_was_written_since_the_look_can_not_be_taken(tmp_path):
    files = seen(made(tmp_path, "a.svs"))
    assert why_not_readable(files) == ""
    (tmp_path / "a.svs").write_bytes(b"longer")
    assert why_not_readable(files) == "it is being written"
    (tmp_path / "a.svs").unlink()
    assert "can't be opened" in why_not_readable(files)
