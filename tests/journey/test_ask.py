"""From a form on a page to a packet: asked on the web, answered by mail, accepted over the API."""

import json
import re
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlencode
from uuid import uuid4

from tests.journey.hospital import BIRTH_DATE, Hospital
from tests.pages.visitor import REQUEST
from tests.standalone_process import Standalone

OWN_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


def browsed(hospital: Hospital, method: str, path: str, fields: str | None = None) -> tuple[int, str]:
    """The status and the page that a browser is shown."""
    with closing(HTTPConnection(hospital.anyone.host, timeout=60)) as connection:
        connection.request(method, path, fields, OWN_FORM if fields else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_request_on_the_page_becomes_a_packet_whose_patient_is_asked_to_sign(standalone: Standalone) -> None:
    hospital = Hospital(standalone, "St. Agatha who is asked")
    hospital.open_to_requests()
    path, email = f"/ask/{hospital.department_id}", f"ada-{uuid4().hex}@patient.test"
    form_id = re.search(r'name="form_id" value="([^"]+)"', browsed(hospital, "GET", path)[1])
    assert form_id is not None
    fields = urlencode({**REQUEST, "email": email, "form_id": form_id[1]})
    assert {browsed(hospital, "POST", path, fields)[0] for _ in range(2)} == {303}
    (request,) = hospital.coordinator.items("/slide-requests?state=received")
    secret = hospital.mail.await_mail(email, r"/q#(\S+)")
    case = {"accession_number": "S26-ASKED", "patient": {"record_number": "MRN-ASKED"}}
    accepted = hospital.coordinator.post(
        f"/slide-requests/{request['id']}/accept", {"case": case, "contact_confirmed": True}
    )
    assert accepted.status == 201
    packet = json.loads(accepted.body)
    assert packet["case"]["patient"]["birth_date"] == BIRTH_DATE
    assert packet["case"]["patient"]["email"] == email
    assert hospital.anyone.did("/slide-requests/status", {"secret": secret})["state"] == "in_progress"
    assert hospital.mail.await_mail(email, r"(has answered a request for slides)")
    assert len(hospital.audited("slide_request.accepted", packet=packet["id"])) == 1
