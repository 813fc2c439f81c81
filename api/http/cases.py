"""/v1/cases: register, look, take back, erase."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from optout.api.errors import Fault, ItemsRefused, TooMuchBelow
from optout.api.service import MULTIPART, Counted, Desk, media_type, uncounted
from optout.registry.cases import Case, CaseEntry
from optout.registry.errors import IdentifierError
from optout.registry.identifiers import Grade, Kind, canonical
from optout.registry.log import Status
from optout.registry.partners import Exclusion
from starlette.responses import Response

from . import idempotency
from .access import SECURED, CaseNumber, secret_of, unlocked
from .answers import Json, problems
from .bodies import read_model
from .given import FORM, from_form, from_json
from .problems import Problem
from .schemas import (
    CASE_ANSWER_EXAMPLE,
    CASE_EXAMPLE,
    OPENED_EXAMPLE,
    UNPROVED_SITE,
    CaseAnswer,
    CaseRequest,
    OpenedAnswer,
    Withdrawal,
    body_of,
    pointer,
)


def routes(desk: Desk, base: Callable[[Request], str], counted: Counted = uncounted) -> APIRouter:
    """The operations on cases.

    Args:
        desk: what carries them out.
        base: the address under which a request's sender reaches the service.
        counted: counts what a network registers.
    """
    router = APIRouter(prefix="/v1/cases", tags=["cases"])

    @router.post(
        "",
        status_code=201,
        response_model=OpenedAnswer,
        responses={
            201: {
                "content": {"application/json": {"example": OPENED_EXAMPLE}},
                "headers": idempotency.REPLAYED_HEADER,
            },
            **problems(400, 403, 413, 415, 422),
        },
        openapi_extra={
            "parameters": [idempotency.PARAMETER],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": body_of(CaseRequest, CASE_EXAMPLE),
                    MULTIPART: FORM,
                },
            },
        },
    )
    async def open_case(request: Request) -> Response:
        """Register items under a new case: all of them, or none.

        The answer holds the case's secret, which nobody can show again, but to who sends the same
        request with the same Idempotency-Key.
        """
        key = idempotency.key_of(request)
        if media_type(request.headers.get("content-type", "")) == MULTIPART:
            items, usage = await from_form(request, desk)
        else:
            items, usage = await from_json(request, desk)
        try:
            with counted(request, items) as take_back:
                opened, checkpoint = await desk.register(items, usage, key)
                if opened.replayed:
                    take_back()
        except TooMuchBelow:
            # Who did not get the answer to the last request that was let through asks again.
            again = await desk.opened_before(items, usage, key)
            if again is None:
                raise
            opened, checkpoint = again
        case = described(opened.case)
        by_index = {item["index"]: item for item in case["items"]}
        document = {
            **case,
            "items": [
                {**by_index[entry.index], "understood": item.understood or None}
                for entry, item in zip(opened.entries, items, strict=True)
            ],
            "secret": opened.secret,
            "link": f"{base(request)}/case/{opened.number}#{opened.secret}",
            "checkpoint": checkpoint,
        }
        told = idempotency.REPLAYED if opened.replayed else {}
        return Json(document, 201, {"Location": f"/v1/cases/{opened.number}", **told})

    @router.get(
        "/{case}",
        response_model=CaseAnswer,
        responses={
            200: {"content": {"application/json": {"example": CASE_ANSWER_EXAMPLE}}},
            **problems(401, 404),
        },
        openapi_extra=SECURED,
    )
    async def read_case(case: CaseNumber, request: Request) -> Response:
        """Show a case: what it holds, and the state of each item."""
        return Json(await _shown(desk, await desk.read_case(case, secret_of(request))))

    @router.post(
        "/{case}/withdrawals",
        response_model=CaseAnswer,
        responses={
            200: {"content": {"application/json": {"example": CASE_ANSWER_EXAMPLE}}},
            **problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
        openapi_extra={
            **SECURED,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(Withdrawal, {"items": [4711]})},
            },
        },
    )
    async def withdraw(case: CaseNumber, request: Request) -> Response:
        """Take items back: filters let them pass again. The case keeps showing them.

        What is withdrawn already stays so: to ask again changes nothing.
        """
        secret = secret_of(request)
        wanted = (await read_model(request, Withdrawal)).items
        held = {item.index: item for item in (await desk.read_case(case, secret)).items}
        strangers = [place for place, index in enumerate(wanted) if index not in held]
        if strangers:
            raise ItemsRefused(
                [
                    Fault(pointer("items", place), "not-in-case", "the case has no such item")
                    for place in strangers
                ]
            )
        gone = [
            Fault(pointer("items", place), "erased", f"item {index} is erased")
            for place, index in enumerate(wanted)
            if held[index].status is Status.ERASED
        ]
        if gone:
            advice = "Nothing was changed. Leave it out, and send again."
            return Problem(409, "what is erased cannot be withdrawn", advice=advice, faults=gone)
        await desk.withdraw(case, secret, list(dict.fromkeys(wanted)))
        return Json(await _shown(desk, await desk.read_case(case, secret)))

    @router.delete("/{case}", status_code=204, responses=problems(401, 404), openapi_extra=SECURED)
    async def erase_case(case: CaseNumber, request: Request) -> Response:
        """Erase a case: what the registry knows of its items is destroyed, for good."""
        await desk.erase(case, secret_of(request), None)
        return Response(status_code=204)

    @router.delete(
        "/{case}/items/{index}",
        status_code=204,
        responses=problems(401, 404, 409),
        openapi_extra=SECURED,
    )
    async def erase_item(
        case: CaseNumber, index: Annotated[int, Path(ge=0)], request: Request
    ) -> Response:
        """Erase one item: what the registry knows of it is destroyed, for good."""
        secret = secret_of(request)
        if index not in {item.index for item in (await desk.read_case(case, secret)).items}:
            unlocked(request)
            return Problem(404, "the case has no such item")
        await desk.erase(case, secret, [index])
        return Response(status_code=204)

    return router


async def _shown(desk: Desk, case: Case) -> dict[str, Any]:
    return described(case, await desk.partners.reports_of([item.index for item in case.items]))


def described(
    case: Case, reports: Mapping[int, Sequence[Exclusion]] = MappingProxyType({})
) -> dict[str, Any]:
    """A case as the API shows it.

    Args:
        case: what to show.
        reports: what partners claim that its entries took out, by entry.
    """
    return {
        "case": case.number,
        "date": str(case.date),
        "items": [
            {
                "index": item.index,
                "kind": str(item.kind),
                "value": item.shown,
                "understood": _understood(item.kind, item.shown),
                "state": str(item.status),
                "grade": str(item.grade),
                "usage": list(item.usage),
                "since": str(item.date),
                "advice": _advice(item),
                "reports": [
                    {"by": one.partner, "corpus": one.corpus, "date": one.date, "rows": one.rows}
                    for one in reports.get(item.index, ())
                ],
            }
            for item in case.items
        ],
        "undecided": case.undecided,
    }


def _advice(item: CaseEntry) -> str | None:
    """What its owner can do so that filters obey an item; None where they do by default."""
    is_unproved = item.kind is Kind.SITE and item.grade.rank < Grade.DOMAIN.rank
    return UNPROVED_SITE if is_unproved and item.status.in_force else None


def _understood(kind: Kind | str, shown: str) -> str | None:
    if kind in {Kind.FILE, Kind.IMAGE, Kind.TEXT}:
        return None
    try:
        return canonical(Kind(kind), shown)
    except IdentifierError:
        return None
