"""axe-core: what keeps somebody from using a page, as far as a program can tell."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.missing import skip_or_fail

SOURCE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
#: WCAG 2.2, level AA, and what its makers know to be good besides.
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The rules that may come out otherwise in another light, or in a smaller window.
LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
_RUN = """([type, values]) => axe.run(document, {
    runOnly: {type, values}, resultTypes: ["violations"]
})"""


def violations(page: Page) -> list[str]:
    """Each as the rule, where it is broken, and how to mend that."""
    return _found(page, "tag", STANDARDS)


def violations_of_looks(page: Page) -> list[str]:
    """The same, of the rules about looks alone: much the quicker, where the page has been asked about all already."""
    return _found(page, "rule", LOOKS)


def _found(page: Page, of: str, names: list[str]) -> list[str]:
    # By the debugger's way in, which is no script of the page's: its Content-Security-Policy stays as it is.
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found = page.evaluate(_RUN, [of, names])["violations"]
    return [_told(each, node) for each in found for node in each["nodes"]]


@cache
def _source() -> str:
    if not SOURCE.exists():
        skip_or_fail("axe-core is not here (npm ci --prefix tests/browser): the pages were tried for nobody's needs")
    return SOURCE.read_text()


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{rule['id']} at {node['target']}: {node['html']}\n{node['failureSummary']}\n{rule['helpUrl']}"
