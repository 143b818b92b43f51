"""docs/regulation.md is made of the tests, and each paragraph has one."""

import pytest

from scripts import regulation

WHOLE = [(paragraph, "A test (tests/test_it.py)") for paragraph in regulation.PARAGRAPHS]


def found():
    return list(regulation.proofs(regulation.ROOT / "tests"))


def test_the_page_says_what_the_tests_say():
    """After a change of the marked tests: python -m scripts.regulation."""
    assert regulation.PAGE.read_text() == regulation.page(found())


def test_every_paragraph_is_proved_by_a_test():
    assert regulation.wrong(found()) == []


def test_each_element_of_an_accounting_is_proved():
    proved = {paragraph for paragraph, _ in found()}
    assert {paragraph for paragraph in regulation.PARAGRAPHS if paragraph.startswith("164.528")} <= proved


def test_tests_are_found_by_their_mark_and_told_as_sentences(tmp_path):
    (tmp_path / "test_form.py").write_text(
        "import pytest\n\n"
        '@pytest.mark.proves("164.508(c)(3)", "164.508(c)(4)")\n'
        '@pytest.mark.parametrize("x", [1])\n'
        "def test_a_patient_s_copy_is_plain(x): ...\n\n"
        "def test_another(): ...\n"
    )
    (tmp_path / "test_other.py").write_text("def test_nothing(): ...\n")
    sentence = "A patient's copy is plain (test_form.py)"
    assert list(regulation.proofs(tmp_path)) == [("164.508(c)(3)", sentence), ("164.508(c)(4)", sentence)]


def test_a_paragraph_without_a_test_and_a_test_of_no_paragraph_are_wrong():
    assert regulation.wrong(WHOLE) == []
    assert regulation.wrong(WHOLE[1:]) == ["164.508(c)(1)(i): no test proves it."]
    assert regulation.wrong([*WHOLE, ("164.999", "x")]) == ["164.999: no such paragraph is asked for here (x)."]


@pytest.mark.parametrize(
    ("proved", "stands", "ends"),
    [(WHOLE, WHOLE, 0), (WHOLE, WHOLE[1:], 1), (WHOLE[1:], WHOLE[1:], 1), (WHOLE, None, 1)],
)
def test_checking_writes_nothing_and_fails_where_the_page_or_a_proof_is_missing(
    tmp_path, monkeypatch, proved, stands, ends
):
    page = tmp_path / "regulation.md"
    monkeypatch.setattr(regulation, "PAGE", page)
    monkeypatch.setattr(regulation, "proofs", lambda _: iter(proved))
    if stands is not None:
        page.write_text(regulation.page(stands))
    assert regulation.main(["--check"]) == ends
    assert page.exists() == (stands is not None)
    assert regulation.main([]) == 0
    assert page.read_text() == regulation.page(proved)
