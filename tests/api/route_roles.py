"""Who may do what: every route of the API, and what becomes of each role's valid request there.

``Y`` 2xx: it is done. ``F`` 403: known, and the role never may. ``N`` 404: the same answer as for what is not there.
``E`` 409: over; let in once, and no more. ``U`` 401: unknown who calls.

The columns, as ROLES has them: nobody's token; depositor, coordinator, privacy officer and admin of the packet's
department; its patient and its recipient; the neighbours and strangers: a coordinator of another department, and a
coordinator, a depositor and a privacy officer of other organizations, and another patient of the same department;
recipients of the same packet whose link expired or was revoked, or whose release was withdrawn; a coordinator whose
token was revoked; a review service with its own token, and one of another organization.
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
    "neighbour",
    "stranger",
    "other_depositor",
    "other_officer",
    "other_patient",
    "link_expired",
    "link_revoked",
    "release_withdrawn",
    "revoked",
    "service",
    "other_service",
)

_PACKET, _FILE = "/api/v1/packets/<id:packet_id>", "/api/v1/packets/<id:packet_id>/files/<id:file_id>"
_OPINIONS, _OWN = "/api/v1/redeemed/opinions", "/api/v1/redeemed/opinions/<id:opinion_id>"
_OWN_FILE, _SHARED_FILE = f"{_OWN}/files/<id:file_id>", "/opinions/<id:opinion_id>/files/<id:file_id>"

#                                                                       - dcpa pr ncdpp erw t so
_ROWS = {
    ("POST", "/api/v1/slide-requests"):                                "Y YYYY YY YYYYY YYY Y YY",
    ("POST", "/api/v1/slide-requests/status"):                         "Y YYYY YY YYYYY YYY Y YY",
    ("POST", "/api/v1/slide-requests/withdraw"):                       "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/api/v1/slide-requests"):                                 "U YYYF FF YYYYF FFF U FF",
    ("GET", "/api/v1/slide-requests/<id:request_id>"):                 "U YYYF FF NNNNF FFF U FF",
    ("POST", "/api/v1/slide-requests/<id:request_id>/decline"):        "U YYFF FF NNNFF FFF U FF",
    ("POST", "/api/v1/slide-requests/<id:request_id>/accept"):         "U YYFF FF NNNFF FFF U FF",
    ("POST", "/api/v1/packets"):                                       "U YYFF FF YYYFF FFF U FF",
    ("GET", "/api/v1/packets"):                                        "U YYYF FF YYYYF FFF U FF",
    ("POST", "/api/v1/packets/search"):                                "U YYYF FF YYYYF FFF U FF",
    ("GET", _PACKET):                                                  "U YYYF FF NNNNF FFF U FF",
    ("POST", f"{_PACKET}/close"):                                      "U YYFF FF NNNFF FFF U FF",
    ("GET", f"{_PACKET}/manifest"):                                    "U YYYF FF NNNNF FFF U FF",
    ("POST", f"{_PACKET}/retire"):                                     "U FYYF FF NNFNF FFF U FF",
    ("POST", f"{_PACKET}/successor"):                                  "U YYFF FF NNNFF FFF U FF",
    ("GET", f"{_PACKET}/changes"):                                     "U YYYF FF NNNNF FFF U FF",
    ("PUT", f"{_PACKET}/not-included"):                                "U YYFF FF NNNFF FFF U FF",
    ("POST", f"{_PACKET}/files"):                                      "U YYFF FF NNNFF FFF U FF",
    ("GET", _FILE):                                                    "U YYYF FF NNNNF FFF U FF",
    ("DELETE", _FILE):                                                 "U YYFF FF NNNFF FFF U FF",
    ("GET", f"{_FILE}/parts"):                                         "U YYYF FF NNNNF FFF U FF",
    ("PUT", f"{_FILE}/parts/<part_number:number>"):                    "U YYFF FF NNNFF FFF U FF",
    ("POST", f"{_FILE}/complete"):                                     "U YYFF FF NNNFF FFF U FF",
    ("PUT", f"{_PACKET}/content/<file_path:path>"):                    "U YYFF FF NNNFF FFF U FF",
    ("PUT", f"{_PACKET}/patient-contact"):                             "U YYFF FF NNNFF FFF U FF",
    ("POST", f"{_PACKET}/patient-contact/confirm"):                    "U YYFF FF NNNFF FFF U FF",
    ("POST", "/api/v1/recipients"):                                    "U FYFF FF YYFFF FFF U FF",
    ("GET", "/api/v1/recipients"):                                     "U FYYF FF YYFYF FFF U FF",
    ("PUT", "/api/v1/recipients/<id:recipient_id>"):                   "U FYFF FF YNFFF FFF U FF",
    ("GET", "/api/v1/form-templates"):                                 "U YYYY FF YYYYF FFF U FF",
    ("PUT", "/api/v1/form-templates/<string:language>/approval"):             "U FFYY FF FFFYF FFF U FF",
    ("DELETE", "/api/v1/form-templates/<string:language>/approval"):          "U FFYY FF FFFNF FFF U FF",
    ("POST", f"{_PACKET}/releases"):                                   "U FYFF FF NNFFF FFF U FF",
    ("GET", f"{_PACKET}/releases"):                                    "U FYYF FF NNFNF FFF U FF",
    ("GET", "/api/v1/releases/<id:release_id>"):                       "U FYYF YF NNFNN FFF U FF",
    ("GET", "/api/v1/releases/<id:release_id>/form.pdf"):              "U FYYF YF NNFNN FFF U FF",
    ("POST", "/api/v1/releases/<id:release_id>/resend"):               "U FYFF FF NNFFF FFF U FF",
    ("POST", "/api/v1/releases/<id:release_id>/sign"):                 "U FFFF YF FFFFN FFF U FF",
    ("POST", "/api/v1/releases/<id:release_id>/withdraw"):             "U FYYF YF NNFNN FFF U FF",
    ("PUT", "/api/v1/releases/<id:release_id>/paper"):                 "U FYFF FF NNFFF FFF U FF",
    ("GET", "/api/v1/releases/<id:release_id>/paper"):                 "U FYYF FF NNFNF FFF U FF",
    ("POST", "/api/v1/releases/<id:release_id>/paper/confirm"):        "U FYYF FF NNFNF FFF U FF",
    ("POST", f"{_PACKET}/links"):                                      "U FYFF FF NNFFF FFF U FF",
    ("GET", f"{_PACKET}/links"):                                       "U FYYF FF NNFNF FFF U FF",
    ("POST", "/api/v1/links/<id:link_id>/revoke"):                     "U FYYF FF NNFNF FFF U FF",
    ("GET", f"{_PACKET}/disclosures"):                                 "U FYYF FF NNFNF FFF U FF",
    ("POST", "/api/v1/accounting/search"):                             "U FFYF FF FFFYF FFF U FF",
    ("POST", "/api/v1/accounting/report"):                             "U FFYF FF FFFYF FFF U FF",
    ("GET", "/api/v1/audit"):                                          "U FFYF FF FFFYF FFF U FF",
    ("GET", "/api/v1/patient/accounting"):                             "U FFFF YF FFFFY FFF U FF",
    ("POST", "/api/v1/patient/accounting/report"):                     "U FFFF YF FFFFY FFF U FF",
    ("GET", "/api/v1/redeemed"):                                       "U FFFF FY FFFFF EEE U FF",
    ("GET", "/api/v1/redeemed/files/<id:file_id>"):                    "U FFFF FY FFFFF EEE U FF",
    ("GET", "/api/v1/redeemed/archive.zip"):                           "U FFFF FY FFFFF EEE U FF",
    ("POST", "/api/v1/redeemed/files/<id:file_id>/ticket"):            "U FFFF FY FFFFF EEE U FF",
    ("POST", "/api/v1/redeemed/archive/ticket"):                       "U FFFF FY FFFFF EEE U FF",
    ("POST", _OPINIONS):                                               "U FFFF FY FFFFF EEE U FF",
    ("GET", _OPINIONS):                                                "U FFFF FY FFFFF EEE U FF",
    ("GET", _OWN):                                                     "U FFFF FY FFFFF EEE U FF",
    ("POST", f"{_OWN}/files"):                                         "U FFFF FY FFFFF EEE U FF",
    ("DELETE", _OWN_FILE):                                             "U FFFF FY FFFFF EEE U FF",
    ("GET", f"{_OWN_FILE}/parts"):                                     "U FFFF FY FFFFF EEE U FF",
    ("PUT", f"{_OWN_FILE}/parts/<part_number:number>"):                "U FFFF FY FFFFF EEE U FF",
    ("POST", f"{_OWN_FILE}/complete"):                                 "U FFFF FY FFFFF EEE U FF",
    ("PUT", f"{_OWN}/content/<file_path:path>"):                       "U FFFF FY FFFFF EEE U FF",
    ("POST", f"{_OWN}/send"):                                          "U FFFF FY FFFFF EEE U FF",
    ("GET", f"{_PACKET}/opinions"):                                    "U FYYF FF NNFNF FFF U FF",
    ("GET", "/api/v1/opinions/<id:opinion_id>"):                       "U FYYF FF NNFNF FFF U FF",
    ("GET", "/api/v1/opinions/<id:opinion_id>/files/<id:file_id>"):    "U FYFF FF NNFFF FFF U FF",
    ("POST", "/api/v1/opinions/<id:opinion_id>/share"):                "U FYFF FF NNFFF FFF U FF",
    ("GET", "/api/v1/patient/opinions"):                               "U FFFF YF FFFFY FFF U FF",
    ("GET", f"/api/v1/patient{_SHARED_FILE}"):                         "U FFFF YF FFFFN FFF U FF",
    ("GET", "/api/v1/released"):                                       "U FFFF FF FFFFF FFF U YY",
    ("POST", "/api/v1/released/<id:release_id>/redeem"):               "U FFFF FF FFFFF FFF U YN",
    ("POST", "/api/v1/released/<id:release_id>/acknowledge"):          "U FFFF FF FFFFF FFF U YN",
    ("PUT", "/api/v1/webhook"):                                        "U FFFF FF FFFFF FFF U YY",
    ("GET", "/api/v1/webhook"):                                        "U FFFF FF FFFFF FFF U YN",
    ("DELETE", "/api/v1/webhook"):                                     "U FFFF FF FFFFF FFF U YN",
    ("POST", "/api/v1/patient/challenge"):                             "Y YYYY YY YYYYY YYY Y YY",
    ("POST", "/api/v1/patient/session"):                               "Y YYYY YY YYYYY YYY Y YY",
    ("POST", "/api/v1/redeem/challenge"):                              "Y YYYY YY YYYYY YYY Y YY",
    ("POST", "/api/v1/redeem"):                                        "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/api/v1/openapi.json"):                                   "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/api/v1/docs"):                                           "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/api/v1/docs/assets/<path:filename>"):                    "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/healthz"):                                               "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/readyz"):                                                "Y YYYY YY YYYYY YYY Y YY",
    ("GET", "/metrics"):                                               "U UUUU UU UUUUU UUU U UU",
}  # fmt: skip

ROUTE_ROLES: Mapping[tuple[str, str], Mapping[str, str]] = {
    route: dict(zip(ROLES, row.replace(" ", ""), strict=True)) for route, row in _ROWS.items()
}

# The pages: whose session each needs. ``S`` 200: shown. ``G`` 303: done, and goes on. ``N`` 404: nothing is there.
# ``F`` 403. ``A`` asks for the first step (a redirect, or 401): nothing shown.
VISITORS = ("nobody", "staff", "patient", "recipient")

#                                           nob sta pat rec
_PAGES = {
    ("GET", "/"):                               "S S S S",
    ("GET", "/assets/<path:filename>"):         "S S S S",
    ("GET", "/r"):                              "S S S S",
    ("GET", "/r/"):                             "A A A A",
    ("GET", "/r/<path:_nowhere>"):              "N N N N",
    ("POST", "/r"):                             "G G G G",
    ("GET", "/r/code"):                         "A A A A",
    ("POST", "/r/code"):                        "A A A A",
    ("POST", "/r/code/again"):                  "A A A A",
    ("GET", "/r/release"):                      "A A S A",
    ("GET", "/r/form"):                         "A A S A",
    ("POST", "/r/sign"):                        "A A G A",
    ("GET", "/r/withdraw"):                     "A A S A",
    ("POST", "/r/withdraw"):                    "A A G A",
    ("POST", "/r/mail"):                        "A A G A",
    ("GET", "/r/accounting"):                   "A A S A",
    ("GET", "/r/opinions"):                     "A A S A",
    ("GET", "/r/opinions/<uuid:opinion_id>/<uuid:file_id>"): "A A S A",
    ("POST", "/r/accounting/report"):           "A A S A",
    ("GET", "/r/copy"):                         "A A S A",
    ("POST", "/r/sign-out"):                    "G F G G",
    ("GET", "/r/signed-out"):                   "S S S S",
    ("GET", "/l"):                              "S S S S",
    ("GET", "/l/"):                             "A A A A",
    ("GET", "/l/<path:_nowhere>"):              "N N N N",
    ("POST", "/l"):                             "G G G G",
    ("GET", "/l/code"):                         "A A A A",
    ("POST", "/l/code"):                        "A A A A",
    ("POST", "/l/code/again"):                  "A A A A",
    ("GET", "/l/files"):                        "A A A S",
    ("GET", "/l/received"):                     "A A A S",
    ("POST", "/l/files/<uuid:file_id>"):        "A A A G",
    ("POST", "/l/archive"):                     "A A A G",
    ("POST", "/l/address"):                     "A A A S",
    ("GET", "/l/opinion"):                      "A A A S",
    ("POST", "/l/opinion"):                     "A A A G",
    ("PUT", "/l/opinion/files"):                "A A A 204",
    ("POST", "/l/opinion/files/<uuid:file_id>"): "A A A N",
    ("GET", "/l/manifest"):                     "A A A S",
    ("POST", "/l/sign-out"):                    "G F G G",
    ("GET", "/l/signed-out"):                   "S S S S",
    ("GET", "/ask"):                            "S S S S",
    ("GET", "/ask/"):                           "A A A A",
    ("GET", "/ask/<path:_nowhere>"):            "N N N N",
    ("GET", "/ask/<uuid:department_id>"):       "S S S S",
    ("POST", "/ask/<uuid:department_id>"):      "G G G G",
    ("GET", "/ask/<uuid:department_id>/received"): "S S S S",
    ("GET", "/q"):                              "S S S S",
    ("GET", "/q/"):                             "A A A A",
    ("GET", "/q/<path:_nowhere>"):              "N N N N",
    ("POST", "/q"):                             "G G G G",
    ("GET", "/q/standing"):                     "A A A A",
    ("POST", "/q/withdraw"):                    "A A A A",
    ("POST", "/q/sign-out"):                    "G G G G",
    ("GET", "/q/signed-out"):                   "S S S S",
    ("GET", "/t/<ticket>"):                     "N N N N",
}  # fmt: skip

PAGE_VISITORS: Mapping[tuple[str, str], Mapping[str, str]] = {
    route: dict(zip(VISITORS, row.split(), strict=True)) for route, row in _PAGES.items()
}
