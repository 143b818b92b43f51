"""``python -m scripts.regulation [--check]``: writes docs/regulation.md from the tests that are marked ``proves``.

Each element of 45 CFR 164.508(c) and 164.528(b) stands there with the tests that show it. With ``--check`` nothing is
written: it says what is missing or out of date, and ends with 1 where anything is.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "regulation.md"
#: What each paragraph asks for, in our words.
PARAGRAPHS = {
    "164.508(c)(1)(i)": "The form describes the information specifically, so that a patient knows what it is.",
    "164.508(c)(1)(ii)": "It names who may disclose.",
    "164.508(c)(1)(iii)": "It names to whom.",
    "164.508(c)(1)(iv)": "It names each purpose.",
    "164.508(c)(1)(v)": "It has a date, or an event, on which it expires.",
    "164.508(c)(1)(vi)": "It has signature and date, and of a representative their authority to act for the patient.",
    "164.508(c)(2)(i)": "It says that it can be revoked in writing, how, and what that can't undo.",
    "164.508(c)(2)(ii)": "It says whether treatment, payment, enrollment or eligibility depend on signing.",
    "164.508(c)(2)(iii)": "It says that the recipient may pass the information on, which may then not be protected.",
    "164.508(c)(3)": "It is written in plain language.",
    "164.508(c)(4)": "The patient is given a copy of what they signed.",
    "164.528(b)(2)(i)": "An accounting has the date of each disclosure.",
    "164.528(b)(2)(ii)": "It has the name of who received the information and, where it is known, the address.",
    "164.528(b)(2)(iii)": "It describes briefly what was disclosed.",
    "164.528(b)(2)(iv)": "It states the purpose briefly, and the authorization by which it was disclosed.",
    "164.528(b)(3)": "Repeats to one recipient for one purpose may be summed: the first, how many, and when the last.",
}
_HEAD = """\
# What the regulation asks for, and the tests that show it

Written by `python -m scripts.regulation` from the tests marked `proves`; don't edit it. It is no legal advice, and says
what the software holds and shows, not that anybody who runs it complies with anything.

| paragraph of 45 CFR | what it asks for | shown by |
|---|---|---|
"""


def proofs(tests: Path) -> Iterator[tuple[str, str]]:
    """Every paragraph that a test is marked with, and the test as a sentence with its file."""
    for path in sorted(tests.rglob("test_*.py")):
        text = path.read_text()
        if ".proves(" not in text:
            continue
        place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.relative_to(tests)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                for paragraph in _marked(node):
                    yield paragraph, f"{_sentence(node.name)} ({place.as_posix()})"


def _marked(function: ast.FunctionDef) -> Iterator[str]:
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.proves":
            yield from (str(ast.literal_eval(argument)) for argument in mark.args)


def _sentence(name: str) -> str:
    words = name.removeprefix("test_").replace("_s_", "'s ").replace("_", " ")
    return words[0].upper() + words[1:]


def page(found: list[tuple[str, str]]) -> str:
    """The page, with every paragraph whether a test shows it or not."""
    rows = []
    for paragraph, asks in PARAGRAPHS.items():
        shown_by = "<br>".join(test for proved, test in found if proved == paragraph) or "**nothing yet**"
        rows.append(f"| {paragraph} | {asks} | {shown_by} |")
    return _HEAD + "\n".join(rows) + "\n"


def wrong(found: list[tuple[str, str]]) -> list[str]:
    """Paragraphs that no test shows, and marks that name no paragraph of these."""
    proved = {paragraph for paragraph, _ in found}
    return [
        *(f"{paragraph}: no test proves it." for paragraph in PARAGRAPHS if paragraph not in proved),
        *(
            f"{paragraph}: no such paragraph is asked for here ({test})."
            for paragraph, test in found
            if paragraph not in PARAGRAPHS
        ),
    ]


def main(arguments: list[str]) -> int:
    """1 where ``--check`` finds anything wrong."""
    found = list(proofs(ROOT / "tests"))
    if "--check" not in arguments:
        PAGE.write_text(page(found))
        return 0
    problems = wrong(found)
    if not PAGE.exists() or PAGE.read_text() != page(found):
        problems.append("docs/regulation.md: run python -m scripts.regulation: the tests say other things.")
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
