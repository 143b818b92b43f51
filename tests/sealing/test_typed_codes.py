"""Codes that people type: what is printed is read back, however it was typed; and nothing else is."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transfer_service.sealing.typed_codes import ALPHABET, grouped, mint_typed_code, read_typed_code

CODE = "7K3MQ9TX2B0D"
CODES = st.text(ALPHABET, min_size=12, max_size=12)


def test_a_code_has_sixty_bits_in_an_alphabet_without_look_alikes():
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)
    codes = {mint_typed_code() for _ in range(200)}
    assert len(codes) == 200
    assert {character for code in codes for character in code} == set(ALPHABET)
    assert {len(code) for code in codes} == {12}
    assert grouped(CODE) == "7K3M-Q9TX-2B0D"


@pytest.mark.parametrize(
    "typed",
    [
        "7K3M-Q9TX-2B0D",
        "7k3m q9tx 2b0d",
        "  7k3mq9tx2bod\r\n",
        "7K3M\u2013Q9TX\u20112B0D",
        "7K3M\u00a0Q9TX\u200b2B0D",
        "\uff17K3M Q9TX 2B0D",
        "7-K-3-M-Q-9-T-X-2-B-O-D",
    ],
)
def test_it_is_read_however_it_was_typed(typed):
    assert read_typed_code(typed) == CODE


def test_look_alikes_are_read_as_they_were_meant():
    assert read_typed_code("oOiI-lL00-1111") == "001111001111"


@pytest.mark.parametrize(
    "other", ["", CODE[1:], CODE + "0", "7K3MQ9TX2B0U", "7K3M.Q9TX.2B0D", "7K3M_Q9TX2B0D", "7" * 65, CODE + " " * 99]
)
def test_anything_else_is_no_code(other):
    assert read_typed_code(other) is None


@given(CODES, st.sampled_from(["", " ", "-", " - "]), st.booleans())
def test_every_code_comes_back(code, between, lower):
    printed = between.join(grouped(code).split("-"))
    assert read_typed_code(printed.lower() if lower else printed) == code


@given(st.text(string.printable + ALPHABET + "\u0131\u017f\ufb01"))
def test_whatever_is_read_is_a_code(text):
    code = read_typed_code(text)
    assert code is None or (read_typed_code(code) == code and set(code) <= set(ALPHABET))
