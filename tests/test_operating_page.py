"""docs/operating.md says what there is: every field of the log, every metric, every part."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import METRICS_TOKEN, Api, Caller
from tests.stages import Stages
from transfer_service.logs import FIELDS

PAGE = (Path(__file__).parents[1] / "docs" / "operating.md").read_text()
ALWAYS = {"time", "level", "logger", "message", "exception"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below that heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| `")]


def words(cell: str) -> set[str]:
    return {*re.findall(r"`([^`]+)`", cell)}


def test_the_table_of_the_log_has_its_fields_and_no_other() -> None:
    assert {word for row in rows("Logs") for word in words(row[0])} == {*FIELDS} | ALWAYS


def test_the_table_of_metrics_has_them_all_with_their_labels(stages: Stages) -> None:
    text = Caller(Api(stages).app, METRICS_TOKEN).get("/metrics").text
    there = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(text)
        if not family.name.endswith("_created")
    }
    told = {word for row in rows("Metrics") for word in words(row[0])}
    assert told == there
