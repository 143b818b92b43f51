import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.edge.request_head import HEAD_BYTES, RequestHead

HEAD = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"


@given(st.lists(st.integers(1, 20), max_size=40))
def test_a_head_with_its_small_body_is_here_with_its_last_byte(steps: list[int]) -> None:
    whole, head, at = HEAD + b"12345", RequestHead(), 0
    for step in steps:
        piece = whole[at : at + step]
        at += len(piece)
        head.add(piece)
        assert head.is_here() is (at == len(whole))
    head.add(whole[at:])
    assert head.is_here()
    assert head.take() == whole
    assert not len(head)
    assert not head.is_here()


@pytest.mark.parametrize(
    "header",
    [b"Content-Length: 70000", b"Content-Length: 5\r\nExpect: 100-continue", b"Content-Length: 5\r\nContent-Length: 5",
     b"Content-Length: +5", b"Content-Length: 9999999999", b"Transfer-Encoding: chunked"],
)  # fmt: skip
def test_a_body_that_is_not_surely_small_is_not_waited_for(header: bytes) -> None:
    head = RequestHead()
    head.add(b"POST /a HTTP/1.1\r\n" + header + b"\r\n\r\n")
    assert head.is_here()


def test_a_bare_line_feed_is_for_the_parser_to_refuse_at_once() -> None:
    head = RequestHead()
    head.add(b"GET / HTTP/1.1\n")
    assert head.is_here()


def test_a_carriage_return_at_the_end_of_one_read_belongs_to_the_line_feed_of_the_next() -> None:
    head = RequestHead()
    head.add(b"GET / HTTP/1.1\r")
    head.add(b"\nHost: a\r")
    assert not head.is_here()
    head.add(b"\n\r\n")
    assert head.is_here()


def test_a_head_without_an_end_is_refused_at_its_bound() -> None:
    line, fields = RequestHead(), RequestHead()
    line.add(b"G" * (HEAD_BYTES + 1))
    fields.add(b"GET / HTTP/1.1\r\n" + b"X" * HEAD_BYTES)
    assert (line.excess(), fields.excess()) == (414, 431)


def test_a_head_whose_end_lies_beyond_the_bound_is_refused_too() -> None:
    head = RequestHead()
    head.add(b"GET / HTTP/1.1\r\nX: " + b"X" * HEAD_BYTES + b"\r\n\r\n")
    assert not head.is_here()
    assert head.excess() == 431
