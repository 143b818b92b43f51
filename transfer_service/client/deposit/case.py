"""The case description: read, and looked through before anything is sent. All of it is PHI: nothing here is printed.

The service decides; what is found here is what a slip of the keyboard makes, said by field.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from transfer_service.client.failures import UsageWrong

CASE_FILE: Final = "case.json"
EXPECTED: Final = "expected_slides"
_MOST_BYTES: Final = 1024 * 1024

_PATIENT = {"name": True, "birth_date": True, "record_number": True, "email": False, "phone": False, "language": False}
_CASE = {
    "accession_number": True, "patient": True, "question": False, "diagnosis": False, "laterality": False,
    "specimens": False, "not_included": False,
}  # fmt: skip
_SPECIMEN = {"label": True, "procedure": False, "collected_on": False}
_NOT_INCLUDED = {"what": True, "why": True}
_BESIDE = {"case", "note", "contributing_department_ids"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTACTS = frozenset({"email", "phone", "language"})
_FURTHEST_AHEAD = timedelta(hours=14)  # where on Earth it may be tomorrow already
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Case:
    """The body of POST /packets, and how many slides the case has, where its file says so."""

    draft: Mapping[str, Any]
    expected_slides: int | None


def read_case(path: Path) -> Case:
    """A case from a JSON file that holds the body of POST /packets, or its ``case`` alone. UsageWrong, by field.

    ``expected_slides`` may stand beside it: `packet watch` closes the packet when so many are there.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageWrong(f"{path} is too large to be a case description.")
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageWrong(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UsageWrong(f"{path} is not JSON in UTF-8.") from None
    expected = value.pop(EXPECTED, None) if isinstance(value, dict) else None
    if expected is not None and (isinstance(expected, bool) or not isinstance(expected, int) or expected < 1):
        raise UsageWrong(f"The case description is not right. {EXPECTED}: must be a number from 1.")
    return Case(packet_draft(value), expected)


def packet_draft(value: object) -> dict[str, Any]:
    """The body of POST /packets from such a body, or from its ``case`` alone. UsageWrong, by field."""
    if isinstance(value, dict) and "case" in value:
        wrong = [f"{name}: is not known" for name in sorted(map(str, set(value) - _BESIDE))]
        draft = value
    else:
        wrong, draft = [], {"case": value}
    wrong += _wrong_in(draft["case"], _CASE, "")
    if wrong:
        raise UsageWrong(
            f"The case description is not complete or not right. {'; '.join(wrong)}.",
            advice="docs/packet.md shows one.",
        )
    return draft


def is_of(draft: Mapping[str, Any], packet: Mapping[str, Any]) -> bool:
    """Whether a packet of the service is of that case; contacts may have changed, what is not known is left out."""
    return bool(_known(draft["case"]) == _known(packet["case"]))


def _known(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            name: _known(each) for name, each in value.items() if each not in (None, [], {}) and name not in _CONTACTS
        }
    return [_known(each) for each in value] if isinstance(value, list) else value


def _wrong_in(value: object, fields: Mapping[str, bool], at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at.rstrip('.') or 'the case'}: must be an object with fields"]
    wrong = [f"{at}{name}: is not known" for name in sorted(map(str, set(value) - set(fields)))]
    wrong += [f"{at}{name}: is missing" for name, needed in fields.items() if needed and name not in value]
    for name in fields:
        if name in value:
            wrong += _wrong_with(value[name], name, f"{at}{name}")
    return wrong


def _wrong_with(value: object, name: str, at: str) -> list[str]:
    if name == "patient":
        return _wrong_in(value, _PATIENT, f"{at}.")
    if name in {"specimens", "not_included"}:
        fields = _SPECIMEN if name == "specimens" else _NOT_INCLUDED
        items = value if isinstance(value, list) else None
        if items is None:
            return [f"{at}: must be a list"]
        return [each for number, item in enumerate(items) for each in _wrong_in(item, fields, f"{at}[{number}].")]
    return _wrong_text(value, name, at)


def _wrong_text(value: object, name: str, at: str) -> list[str]:
    if not isinstance(value, str) or not value.strip():
        return [f"{at}: must be a text"]
    if name in {"birth_date", "collected_on"} and not _is_past_day(value):
        return [f"{at}: must be a day that has come, such as 1961-02-03"]
    if name == "email" and not _ADDRESS.fullmatch(value):
        return [f"{at}: must be one e-mail address"]
    return []


def _is_past_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and date.fromisoformat(text) <= (datetime.now(UTC) + _FURTHEST_AHEAD).date()
    except ValueError:
        return False
