"""Who may do what: every route of the API, and what becomes of each role's valid request there.

``Y`` yes: it is done, or only the state of things stands against it. ``F`` 403: known, and the role never may.
``N`` 404: the same answer as for what is not there. ``U`` 401: unknown who calls.

The columns: nobody's token; a depositor, a coordinator, a privacy officer and an admin of the packet's department;
its patient; its recipient; the coordinator of another organization; a coordinator whose token was revoked.
"""

from collections.abc import Mapping

ROLES = (
    "anyone",
    "depositor",
    "coordinator",
    "privacy_officer",
    "admin",
    "patient",
    "recipient",
    "stranger",
    "revoked",
)

_PACKET, _FILE = "/api/v1/packets/<id:packet_id>", "/api/v1/packets/<id:packet_id>/files/<id:file_id>"

#                        any dep coo pri adm pat rec str rev
_ROWS = {
    ("POST", "/api/v1/packets"):                                       "U Y Y F F F F Y U",
    ("GET", "/api/v1/packets"):                                        "U Y Y Y F F F Y U",
    ("POST", "/api/v1/packets/search"):                                "U Y Y Y F F F Y U",
    ("GET", _PACKET):                                                  "U Y Y Y F F F N U",
    ("POST", f"{_PACKET}/close"):                                      "U Y Y F F F F N U",
    ("GET", f"{_PACKET}/manifest"):                                    "U Y Y Y F F F N U",
    ("POST", f"{_PACKET}/retire"):                                     "U F Y Y F F F N U",
    ("POST", f"{_PACKET}/files"):                                      "U Y Y F F F F N U",
    ("GET", _FILE):                                                    "U Y Y Y F F F N U",
    ("DELETE", _FILE):                                                 "U Y Y F F F F N U",
    ("GET", f"{_FILE}/parts"):                                         "U Y Y Y F F F N U",
    ("PUT", f"{_FILE}/parts/<part_number:number>"):                    "U Y Y F F F F N U",
    ("POST", f"{_FILE}/complete"):                                     "U Y Y F F F F N U",
    ("PUT", f"{_PACKET}/content/<file_path:path>"):                    "U Y Y F F F F N U",
    ("POST", "/api/v1/recipients"):                                    "U F Y F F F F Y U",
    ("GET", "/api/v1/recipients"):                                     "U F Y Y F F F Y U",
    ("PUT", "/api/v1/recipients/<id:recipient_id>"):                   "U F Y F F F F N U",
    ("POST", f"{_PACKET}/releases"):                                   "U F Y F F F F N U",
    ("GET", f"{_PACKET}/releases"):                                    "U F Y Y F F F N U",
    ("GET", "/api/v1/releases/<id:release_id>"):                       "U F Y Y F Y F N U",
    ("POST", "/api/v1/releases/<id:release_id>/resend"):               "U F Y F F F F N U",
    ("POST", "/api/v1/releases/<id:release_id>/sign"):                 "U F F F F Y F F U",
    ("POST", "/api/v1/releases/<id:release_id>/withdraw"):             "U F Y Y F Y F N U",
    ("POST", f"{_PACKET}/links"):                                      "U F Y F F F F N U",
    ("GET", f"{_PACKET}/links"):                                       "U F Y Y F F F N U",
    ("POST", "/api/v1/links/<id:link_id>/revoke"):                     "U F Y Y F F F N U",
    ("GET", f"{_PACKET}/disclosures"):                                 "U F Y Y F F F N U",
    ("POST", "/api/v1/accounting/search"):                             "U F F Y F F F F U",
    ("GET", "/api/v1/audit"):                                          "U F F Y F F F F U",
    ("GET", "/api/v1/patient/accounting"):                             "U F F F F Y F F U",
    ("GET", "/api/v1/redeemed"):                                       "U F F F F F Y F U",
    ("GET", "/api/v1/redeemed/files/<id:file_id>"):                    "U F F F F F Y F U",
    ("POST", "/api/v1/patient/challenge"):                             "Y Y Y Y Y Y Y Y Y",
    ("POST", "/api/v1/patient/session"):                               "Y Y Y Y Y Y Y Y Y",
    ("POST", "/api/v1/redeem/challenge"):                              "Y Y Y Y Y Y Y Y Y",
    ("POST", "/api/v1/redeem"):                                        "Y Y Y Y Y Y Y Y Y",
    ("GET", "/api/v1/openapi.json"):                                   "Y Y Y Y Y Y Y Y Y",
    ("GET", "/api/v1/docs"):                                           "Y Y Y Y Y Y Y Y Y",
    ("GET", "/api/v1/docs/assets/<path:filename>"):                    "Y Y Y Y Y Y Y Y Y",
    ("GET", "/healthz"):                                               "Y Y Y Y Y Y Y Y Y",
    ("GET", "/readyz"):                                                "Y Y Y Y Y Y Y Y Y",
}  # fmt: skip

ROUTE_ROLES: Mapping[tuple[str, str], Mapping[str, str]] = {
    route: dict(zip(ROLES, row.split(), strict=True)) for route, row in _ROWS.items()
}

# The pages: whose session each needs. ``S`` served; ``A`` asks for the first step (a redirect, or 401): nothing shown.
VISITORS = ("nobody", "staff", "patient", "recipient")

#                                           nob sta pat rec
_PAGES = {
    ("GET", "/"):                               "S S S S",
    ("GET", "/assets/<path:filename>"):         "S S S S",
    ("GET", "/r"):                              "S S S S",
    ("GET", "/r/"):                             "A A A A",
    ("GET", "/r/<path:_nowhere>"):              "S S S S",
    ("POST", "/r"):                             "S S S S",
    ("GET", "/r/code"):                         "A A A A",
    ("POST", "/r/code"):                        "A A A A",
    ("POST", "/r/code/again"):                  "A A A A",
    ("GET", "/r/release"):                      "A A S A",
    ("POST", "/r/sign"):                        "A A S A",
    ("GET", "/r/withdraw"):                     "A A S A",
    ("POST", "/r/withdraw"):                    "A A S A",
    ("GET", "/r/accounting"):                   "A A S A",
    ("GET", "/r/copy"):                         "A A S A",
    ("POST", "/r/sign-out"):                    "S S S S",
    ("GET", "/r/signed-out"):                   "S S S S",
    ("GET", "/l"):                              "S S S S",
    ("GET", "/l/"):                             "A A A A",
    ("GET", "/l/<path:_nowhere>"):              "S S S S",
    ("POST", "/l"):                             "S S S S",
    ("GET", "/l/code"):                         "A A A A",
    ("POST", "/l/code"):                        "A A A A",
    ("POST", "/l/code/again"):                  "A A A A",
    ("GET", "/l/files"):                        "A A A S",
    ("GET", "/l/files/<uuid:file_id>"):         "A A A S",
    ("GET", "/l/manifest"):                     "A A A S",
    ("POST", "/l/sign-out"):                    "S S S S",
    ("GET", "/l/signed-out"):                   "S S S S",
}  # fmt: skip

PAGE_VISITORS: Mapping[tuple[str, str], Mapping[str, str]] = {
    route: dict(zip(VISITORS, row.split(), strict=True)) for route, row in _PAGES.items()
}
