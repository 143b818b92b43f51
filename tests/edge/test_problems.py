import json

import pytest
from flask import Flask

from transfer_service import errors
from transfer_service.edge.problems import problem_of, register_problems
from transfer_service.edge.registration import register_edge


def every_error() -> list[type[errors.TransferError]]:
    found, kinds = [], [errors.TransferError]
    while kinds:
        kind = kinds.pop()
        found.append(kind)
        kinds += [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
    return found


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_has_an_answer(kind: type[errors.TransferError]) -> None:
    problem = problem_of(kind(retry_after_s=5) if issubclass(kind, errors.TooMany) else kind())
    ours = issubclass(
        kind,
        errors.NoticeNotTaken | errors.StoreRefused | errors.SettingsInvalid | errors.InstallationDamaged,
    )
    if ours or kind is errors.TransferError:
        assert (problem.status, problem.code) == (500, "internal")
    else:
        assert problem.code == kind.code


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound(), 404), (errors.NotAuthenticated(), 401), (errors.NotAllowed(), 403),
        (errors.AnswerWrong(), 403),
        (errors.PathInvalid(), 422), (errors.CursorInvalid(), 400), (errors.LinkExpired(), 409), (errors.Busy(), 503),
        (errors.Unavailable(), 503), (errors.TooMany(retry_after_s=1), 429),
        (errors.SealBroken(), 500), (KeyError("x"), 500),
    ],
)  # fmt: skip
def test_each_branch_has_its_status(error: Exception, status: int) -> None:
    assert problem_of(error).status == status


def test_what_is_our_own_fault_shows_no_facts() -> None:
    problem = problem_of(errors.SealBroken("part 7 of packet 9", part=7))
    assert problem.facts == {}
    assert "7" not in problem.detail


def test_facts_never_take_the_place_of_a_standard_member() -> None:
    with Flask("facts").app_context():
        members = problem_of(errors.NotNow(status=200, code="fine", remaining_attempts=2)).members()
    assert (members["status"], members["code"], members["remaining_attempts"]) == (409, "not_now", 2)


def test_strict_transport_security_goes_with_https_alone() -> None:
    for url, there in (("https://service.test", True), ("http://service.test", False)):
        app = Flask("hsts", static_folder=None)
        register_edge(app, public_url=url)
        answer = app.test_client().get("/", headers={"Host": "service.test"})
        assert ("Strict-Transport-Security" in answer.headers) is there


def test_a_failure_outside_a_view_is_logged_without_its_path(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("outside", static_folder=None)
    register_problems(app)

    @app.after_request
    def broken(_: object) -> None:
        raise ValueError("canary-value")  # type: ignore[misc]  # the fault that is tested

    answer = app.test_client().get("/t/canary-path")
    assert answer.status_code == 500
    assert b"canary" not in answer.data
    assert "canary-path" not in caplog.text


def test_a_problem_is_json_with_the_members_of_the_rfc() -> None:
    app = Flask("members", static_folder=None)
    register_edge(app, public_url="http://service.test")
    answer = app.test_client().get("/nothing", headers={"Host": "service.test"})
    assert answer.content_type == "application/problem+json"
    assert set(json.loads(answer.data)) == {"type", "title", "status", "detail", "code", "request_id"}
