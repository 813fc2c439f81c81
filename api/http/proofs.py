"""/v1/cases/…/proofs: what raises the grade of a case's items."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from optout.api.errors import Fault, ItemsRefused
from optout.api.service import Checked, Desk, ShownProof
from optout.registry.cases import Method
from starlette.responses import Response

from .access import SECURED, CaseNumber, secret_of, unlocked
from .answers import Json, problems
from .bodies import read_model
from .problems import Problem
from .proof_schemas import (
    CHECK_EXAMPLE,
    PROOF_EXAMPLE,
    REQUEST_EXAMPLE,
    CheckAnswer,
    ProofAnswer,
    ProofRequest,
    ProofsAnswer,
)
from .schemas import body_of, pointer

ProofId = Annotated[
    str, Path(max_length=64, description="Its `id`, as it was told.", examples=["4f1d0a9be27c6835"])
]


def routes(desk: Desk) -> APIRouter:
    """The operations on proofs."""
    router = APIRouter(prefix="/v1/cases/{case}/proofs", tags=["proofs"])

    @router.post(
        "",
        status_code=201,
        response_model=ProofAnswer,
        responses={
            201: {"content": {"application/json": {"example": PROOF_EXAMPLE}}},
            **problems(400, 401, 403, 404, 413, 415, 422),
        },
        openapi_extra={
            **SECURED,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(ProofRequest, REQUEST_EXAMPLE)},
            },
        },
    )
    async def start_proof(case: CaseNumber, request: Request) -> Response:
        """Tell what to place to prove a domain or an account: a TXT record, a file, or a line.

        Only what covers items of the case is taken. There are 30 days to place it.
        """
        secret = secret_of(request)
        wanted = await read_model(request, ProofRequest)
        proof = await desk.proofs.start(case, secret, Method(wanted.method), _subject(wanted))
        where = f"/v1/cases/{proof.proof.case_number}/proofs/{proof.proof.id}"
        return Json(described(proof), 201, {"Location": where})

    @router.get(
        "",
        response_model=ProofsAnswer,
        responses={
            200: {"content": {"application/json": {"example": {"proofs": [PROOF_EXAMPLE]}}}},
            **problems(401, 404),
        },
        openapi_extra=SECURED,
    )
    async def list_proofs(case: CaseNumber, request: Request) -> Response:
        """Show the proofs of a case, and those that have begun to be one."""
        found = await desk.proofs.of(case, secret_of(request))
        return Json({"proofs": [described(proof) for proof in found]})

    @router.post(
        "/{proof}/checks",
        response_model=CheckAnswer,
        responses={
            200: {"content": {"application/json": {"example": CHECK_EXAMPLE}}},
            **problems(401, 403, 404, 409, 422, 429),
        },
        openapi_extra=SECURED,
    )
    async def check_proof(case: CaseNumber, proof: ProofId, request: Request) -> Response:
        """Look whether it is there. If it is, the items that it covers have its grade from now on.

        It then stands for 365 days, each time it is found again: it is looked at every 7 days, and
        ends after 3 times in a row without it. What is not found here counts for nothing.
        """
        checked = await desk.proofs.check(case, secret_of(request), proof)
        return _no_proof(request) if checked is None else Json(_checked(checked))

    @router.delete(
        "/{proof}", status_code=204, responses=problems(401, 403, 404, 429), openapi_extra=SECURED
    )
    async def end_proof(case: CaseNumber, proof: ProofId, request: Request) -> Response:
        """End a proof: its items fall back to the grade that something else gives them.

        A case ends three a day of those that stood.
        """
        ended = await desk.proofs.end(case, secret_of(request), proof)
        return Response(status_code=204) if ended else _no_proof(request)

    return router


def described(shown: ShownProof) -> dict[str, Any]:
    """A proof as the API shows it."""
    proof = shown.proof
    return {
        "id": proof.id,
        "method": str(proof.method),
        "subject": proof.subject,
        "state": str(proof.state),
        "grade": str(proof.grade) if proof.grade else None,
        "place": _place(shown),
        "items": shown.items,
        "made": _time(proof.made),
        "checked": _time(proof.checked) if proof.checked else None,
        "expires": _time(proof.expires),
        "missing": proof.failures,
    }


def _checked(checked: Checked) -> dict[str, Any]:
    return {
        "found": checked.found,
        "raised": checked.raised,
        "advice": checked.advice,
        "proof": described(checked.proof),
    }


def _place(shown: ShownProof) -> dict[str, dict[str, str]]:
    challenge = shown.challenge
    if shown.profile is not None:
        return {"line": {"text": challenge.line, "profile": shown.profile}}
    if shown.proof.method == Method.FILE:
        return {"file": {"url": challenge.file_address, "content": challenge.file_body}}
    return {"record": {"name": challenge.record_name, "value": challenge.record_value}}


def _subject(wanted: ProofRequest) -> str:
    """What is to be proved.

    Raises:
        ItemsRefused: it is missing, or something is given that cannot be proved in this way.
    """
    given = {"domain": wanted.domain, "account": wanted.account}
    field = "account" if wanted.method == "account" else "domain"
    subject, (other,) = given.pop(field), given
    faults = []
    if subject is None:
        said = f"what {wanted.method} is to prove is missing"
        faults.append(Fault(pointer(field), "missing", said))
    if given[other] is not None:
        said = f"{wanted.method} proves no {other}"
        faults.append(Fault(pointer(other), "extra-forbidden", said))
    if subject is None or faults:
        raise ItemsRefused(faults)
    return subject


def _no_proof(request: Request) -> Problem:
    unlocked(request)
    return Problem(404, "the case has no such proof")


def _time(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
