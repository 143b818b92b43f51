import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.edge.request_log import JsonFormatter, exception_facts
from transfer_service.errors import LinkExpired


def line(message: str, *args: object, **extra: object) -> str:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, None)
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


def test_an_exception_is_told_without_its_message_unless_it_is_ours() -> None:
    assert "message" not in facts_of(KeyError("Erika"))
    assert facts_of(LinkExpired())["message"] == LinkExpired.message


def test_what_caused_an_exception_is_told_too() -> None:
    outer = RuntimeError("canary")
    outer.__cause__ = KeyError("canary")
    told = json.dumps(facts_of(outer))
    assert "builtins.KeyError" in told
    assert "canary" not in told
