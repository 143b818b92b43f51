"""What a line of the log may hold, and what never comes into one."""

import ast
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service import logs
from transfer_service.errors import LinkExpired, SettingsInvalid
from transfer_service.logs import FIELDS, JsonFormatter, exception_facts, on_behalf_of

PACKAGE = Path(logs.__file__).parent
LIBRARIES = ("botocore.auth", "urllib3.connectionpool", "sqlalchemy.engine.Engine", "alembic.runtime", "py.warnings")


def line(message: str, *args: object, logger: str = "transfer_service.x", **extra: object) -> str:
    record = logging.LogRecord(logger, logging.INFO, __file__, 1, message, args, None)
    record.__dict__.update(extra)
    return JsonFormatter().format(record)


@given(st.text())
def test_any_text_makes_one_line_of_printable_ascii(text: str) -> None:
    written = line("%s", text, route=text, actor_id=text)
    assert written.isascii()
    assert written.isprintable()
    json.loads(written)


@pytest.mark.parametrize("text", ["a\r\n{}", "\x1b[2J", "${jndi:ldap://x}", "\u2028", "\x00"])
def test_log_injection_is_escaped(text: str) -> None:
    written = line("%s", text)
    assert json.loads(written)["message"] == text
    assert not any(each in written for each in "\r\n\x1b\u2028\x00")


def test_a_megabyte_is_cut() -> None:
    assert len(line("%s", "x" * 1_000_000, route="y" * 1_000_000)) < 2000


def test_only_allowed_fields_are_written() -> None:
    written = json.loads(line("request", request_id="r", path="/t/secret", patient="Erika", status=200))
    assert set(written) == {"time", "level", "logger", "message", "request_id", "status"}


def facts_of(error: Exception) -> dict[str, object]:
    try:
        raise error
    except type(error):
        caught = sys.exc_info()[1]
    assert caught is not None
    return exception_facts(caught)


@pytest.mark.parametrize("error", [KeyError("canary"), SettingsInvalid("The file /canary is not right.", field="x")])
def test_an_exception_is_told_without_what_it_says(error: Exception) -> None:
    assert "canary" not in json.dumps(facts_of(error))


def test_an_error_of_ours_is_told_by_its_code() -> None:
    assert facts_of(LinkExpired())["code"] == "link_expired"


def test_frames_are_those_of_our_own_files_named_from_our_own_folder() -> None:
    try:
        with on_behalf_of("r"):
            json.loads("canary")
    except ValueError as error:
        facts = exception_facts(error)
    assert facts["frames"] == []
    with pytest.raises(AttributeError) as caught:
        JsonFormatter().format(None)  # type: ignore[arg-type]
    (frame,) = exception_facts(caught.value)["frames"]
    assert frame.startswith("logs.py:")


def test_what_caused_an_exception_is_told_too_within_bounds() -> None:
    outer = RuntimeError("canary")
    inner: BaseException = outer
    for _ in range(100):
        inner.__cause__ = KeyError("canary")
        inner = inner.__cause__
    told = json.dumps(facts_of(outer))
    assert told.count("builtins.KeyError") == 5
    assert "canary" not in told


@pytest.mark.parametrize("logger", LIBRARIES)
def test_the_words_and_fields_of_a_library_stay_out(logger: str) -> None:
    written = line("GET %s", "/canary", logger=logger, route="canary", client="canary")
    assert "canary" not in written
    assert json.loads(written)["library"] == logger.partition(".")[0]


def test_of_gunicorn_the_sentence_passes_and_of_what_fills_it_only_numbers() -> None:
    assert json.loads(line("Worker %s ends", 7, logger="gunicorn.error"))["message"] == "Worker 7 ends"
    assert "canary" not in line("Error handling request %s", "/canary", logger="gunicorn.error")


def test_a_line_names_the_request_on_whose_behalf_it_is_written() -> None:
    def named() -> str | None:
        return json.loads(line("x")).get("request_id")

    before = named()  # none, unless a test before this one left a response open
    with on_behalf_of("outer"):
        with on_behalf_of("inner"):
            assert named() == "inner"
        assert named() == "outer"
    assert named() == before


DYING = """
import logging, sys, threading, warnings
from transfer_service.logs import log_as_json
log_as_json()
logging.getLogger("urllib3").debug("canary")
logging.getLogger("botocore").info("canary")
logging.getLogger("sqlalchemy").error("canary")
logging.getLogger("gunicorn.error").info("canary")
warnings.warn("canary")
def fail(): raise ValueError("canary")
thread = threading.Thread(target=fail); thread.start(); thread.join()
class Lost:
    def __del__(self): fail()
Lost()
fail()
"""


def test_every_line_of_a_dying_process_is_json_and_quotes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", DYING], capture_output=True, text=True, check=False, timeout=60
    )
    lines = [json.loads(each) for each in done.stderr.splitlines()]
    assert [each["level"] for each in lines] == ["error", "warning", "error", "error", "critical"]
    assert "canary" not in done.stderr
    assert done.returncode == 1


def calls_of_a_log() -> list[ast.Call]:
    """Every call of a logger's method in the package."""
    calls = [
        node
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return [
        call for call in calls if isinstance(call.func.value, ast.Name) and call.func.value.id in {"_log", "logger"}
    ]


def test_every_field_that_our_code_gives_a_line_is_allowed() -> None:
    found = {
        key.value
        for call in calls_of_a_log()
        for keyword in call.keywords
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict)
        for key in keyword.value.keys
        if isinstance(key, ast.Constant)
    }
    assert "code" in found
    assert found <= {*FIELDS}


def test_every_sentence_of_a_log_stands_in_the_code() -> None:
    assert all(isinstance(call.args[0], ast.Constant | ast.Name) for call in calls_of_a_log())  # a name: a constant
