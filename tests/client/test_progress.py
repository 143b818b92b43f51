"""What is told while something runs: bars for people, JSON for programs; on any console."""

import io
import json

import pytest
from rich.console import Console

from transfer_service.client.bars import Bars
from transfer_service.client.lines import JsonLines, Lines
from transfer_service.client.progress import Silence


def play(progress) -> None:
    progress.begin("sending", 2, 100)
    progress.file_began("日本/[bold]\x1b[31m.svs", 60)
    progress.moved("日本/[bold]\x1b[31m.svs", 60)
    progress.moved("日本/[bold]\x1b[31m.svs", -10)
    progress.waiting("The service does not answer.", 299)
    progress.note("A note [with] brackets.")
    progress.file_done("日本/[bold]\x1b[31m.svs")
    progress.file_failed("b.svs", "it changed")
    progress.end()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_bars_show_all_files_and_each_with_rate_and_time_left_on_any_console(encoding):
    shown = io.TextIOWrapper(io.BytesIO(), encoding, errors="backslashreplace")
    console = Console(file=shown, force_terminal=True, width=120, highlight=False, emoji=False, markup=False)
    play(Bars(console))
    shown.flush()
    text = shown.buffer.getvalue().decode(encoding)
    assert "sending: 0 of 2 files" in text
    assert "50/100 bytes" in text
    assert "A note [with] brackets." in text
    assert "[bold]\\x1b[31m.svs" in text
    assert "NOT DONE: b.svs: it changed" in text
    assert "for 5 min at most" in text


def test_json_is_one_object_a_line_and_moves_are_told_once_a_second():
    told: list[str] = []
    progress = JsonLines(told.append)
    play(progress)
    events = [json.loads(line) for line in told]
    assert [event["event"] for event in events if event["event"] != "progress"] == [
        "begin", "file_began", "waiting", "note", "file_done", "file_failed"
    ]  # fmt: skip
    assert sum(event["event"] == "progress" for event in events) == 1
    assert all(line.isascii() for line in told)


def test_a_log_has_a_line_for_each_file_and_nothing_that_steers_a_terminal():
    told: list[str] = []
    play(Lines(told.append))
    assert "done: 日本/[bold]\\x1b[31m.svs" in told
    play(Silence())


def test_a_second_beginning_starts_the_bars_anew():
    shown = io.StringIO()
    bars = Bars(Console(file=shown, force_terminal=True, width=120))
    bars.begin("sending", 2, 100)
    bars.begin("sending", 1, 50)
    bars.end()
    assert "of 1 files" in shown.getvalue()
