import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.edge.ranges import content_disposition, parse_range
from transfer_service.edge.refusal import Refusal


@given(st.integers(1, 10**12), st.data())
def test_a_satisfiable_range_is_what_was_asked(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size * 2))
    found = parse_range(f"bytes={first}-{last}", size)
    assert found is not None
    assert (found.first, found.last) == (first, min(last, size - 1))
    assert found.content_range == f"bytes {first}-{min(last, size - 1)}/{size}"


@given(st.text(max_size=40), st.integers(0, 1000))
def test_any_range_lies_within_the_file_or_is_passed_over_or_refused(text: str, size: int) -> None:
    for header in (text, f"bytes={text}"):
        try:
            found = parse_range(header, size)
        except Refusal:
            continue
        assert found is None or 0 <= found.first <= found.last < size


def test_nothing_of_an_empty_file_can_be_asked_for() -> None:
    for header in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        with pytest.raises(Refusal) as refused:
            parse_range(header, 0)
        assert refused.value.extra_headers == {"Content-Range": "bytes */0"}


@pytest.mark.parametrize(
    ("path", "plain", "full"),
    [
        ("slide.svs", "slide.svs", "slide.svs"),
        ("a/b/Präparat 1.svs", "Praparat 1.svs", "Präparat 1.svs"),
        ("乳腺.svs", "file.svs", "乳腺.svs"),
        ('a";filename=evil.exe;"', "a__filename=evil.exe__", "a_;filename=evil.exe;_"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie: x", "a__Set-Cookie: x"),
        ("a\u202egpj.exe", "a_gpj.exe", "a_gpj.exe"),
        ("a\\b%41", "a_b_41", "a_b%41"),
        ("x/\ud800", "_", "_"),
        ("", "file", "file"),
    ],
)
def test_a_name_is_given_in_ascii_and_in_full(path: str, plain: str, full: str) -> None:
    value = content_disposition(path)
    match = re.fullmatch(r"attachment; filename=\"([^\"]*)\"; filename\*=UTF-8''(\S*)", value)
    assert match
    assert (match[1], unquote(match[2])) == (plain, full)


@given(st.text(max_size=300))
def test_any_name_makes_one_harmless_header(path: str) -> None:
    value = content_disposition(path)
    assert re.fullmatch(
        r"attachment; filename=\"[ !#-$&-.0-:<-\[\]-~]+\"; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+", value
    )


def test_a_long_name_is_shortened_and_keeps_its_ending() -> None:
    value = content_disposition("a" * 4096 + ".svs")
    assert value.endswith("a.svs")
    assert len(value) < 500
