"""Errors as problems (RFC 9457)."""

from __future__ import annotations

import json

import pytest
from optout.api.errors import (
    BodyTooLarge,
    Busy,
    Fault,
    ItemsRefused,
    KeyMisplaced,
    SecretMissing,
    UnreadableBody,
    UnsupportedBody,
)
from optout.api.http.problems import Problem, dump, problem_of, status_of
from optout.registry.errors import (
    CaseNotFound,
    IdentifierError,
    LogFault,
    OptOutError,
    RegistryError,
    TransitionError,
)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnreadableBody("m"), 400),
        (SecretMissing(), 401),
        (KeyMisplaced("m"), 403),
        (CaseNotFound("m"), 404),
        (TransitionError("m"), 409),
        (BodyTooLarge("m"), 413),
        (UnsupportedBody("m"), 415),
        (ItemsRefused([]), 422),
        (IdentifierError("m"), 422),
        (LogFault("m"), 500),
        (OptOutError("m"), 500),
        (Busy("m"), 503),
        (RegistryError("m"), 503),
    ],
)
def test_every_error_has_its_status(error: OptOutError, status: int) -> None:
    problem = problem_of(error)
    assert status_of(error) == problem.status_code == status
    document = json.loads(problem.body)
    assert (document["status"], document["type"]) == (status, "about:blank")
    assert document["detail"]


def test_a_problem_points_at_what_is_wrong() -> None:
    faults = [Fault("#/items/0", "flat", "too plain", "Send the file."), Fault("", "x", "y")]
    document = json.loads(problem_of(ItemsRefused(faults)).body)
    assert document["errors"] == [
        {
            "pointer": "#/items/0",
            "reason": "flat",
            "detail": "too plain",
            "advice": "Send the file.",
        },
        {"pointer": "", "reason": "x", "detail": "y"},
    ]


@pytest.mark.parametrize("error", [LogFault("entry 7 of anna"), RegistryError("/var/optout.db")])
def test_what_lies_inside_the_service_stays_inside(error: OptOutError) -> None:
    assert error.message not in problem_of(error).body.decode()


def test_a_problem_says_no_more_than_there_is_to_say() -> None:
    assert json.loads(Problem(404).body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
    }


def test_half_a_character_can_be_answered_with() -> None:
    assert json.loads(dump({"value": "é\ud800"})) == {"value": "é\ud800"}


def test_an_answer_points_at_so_many_places_and_tells_how_many_there_are() -> None:
    faults = [Fault(f"#/items/{place}", "flat", "too plain") for place in range(5000)]
    document = json.loads(problem_of(ItemsRefused(faults)).body)
    assert len(document["errors"]) == 200
    assert document["detail"].startswith("5000 items")
