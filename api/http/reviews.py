"""/v1/cases/…/reviews: what creators show the reviewer, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from optout.api.errors import Fault, ItemsRefused
from optout.api.service import Desk
from optout.registry.cases import MOST_CHARACTERS, SharedItem
from optout.registry.identifiers import Grade, Kind
from starlette.responses import Response

from .access import SECURED, CaseNumber, secret_of, unlocked
from .answers import Json, problems
from .bodies import read_model
from .dispute_schemas import (
    REVIEW_ANSWER_EXAMPLE,
    REVIEW_EXAMPLE,
    ReviewAnswer,
    ReviewRequest,
    ReviewsAnswer,
)
from .problems import Problem
from .schemas import body_of, pointer


def routes(desk: Desk) -> APIRouter:
    """The operations on reviews."""
    router = APIRouter(prefix="/v1/cases/{case}", tags=["reviews"])

    @router.put(
        "/items/{index}/review",
        status_code=202,
        response_model=ReviewAnswer,
        responses={
            202: {"content": {"application/json": {"example": REVIEW_ANSWER_EXAMPLE}}},
            **problems(400, 401, 404, 409, 413, 415, 422),
        },
        openapi_extra={
            **SECURED,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(ReviewRequest, REVIEW_EXAMPLE)},
            },
        },
    )
    async def ask_review(
        case: CaseNumber, index: Annotated[int, Path(ge=0)], request: Request
    ) -> Response:
        """Show an item to the reviewer, who grades it `reviewed` or says why not.

        It is asked for until it is decided; asked for again, the new words take the place of the
        old ones. With the decision what was shown is removed.
        """
        secret = secret_of(request)
        told = await read_model(request, ReviewRequest)
        items = {item.index: item for item in (await desk.read_case(case, secret)).items}
        if index not in items:
            unlocked(request)
            return Problem(404, "the case has no such item")
        if not items[index].status.in_force:
            return Problem(409, f"the item is {items[index].status}: there is nothing to review")
        if items[index].grade is Grade.REVIEWED:
            return Problem(409, "it is reviewed already")
        # A passage was taken as long as this, and is shown as it was given.
        most = desk.limits.passage if items[index].kind is Kind.TEXT else MOST_CHARACTERS
        if len(told.value) > most:
            detail = f"the value of this item has at most {most:,} characters"
            advice = "Give it as it was registered."
            raise ItemsRefused([Fault(pointer("value"), "string-too-long", detail, advice)])
        shown = await desk.reviews.ask(case, secret, index, told.value, told.note)
        return Json(described(shown), 202)

    @router.get(
        "/reviews",
        response_model=ReviewsAnswer,
        responses={
            200: {
                "content": {"application/json": {"example": {"reviews": [REVIEW_ANSWER_EXAMPLE]}}}
            },
            **problems(401, 404),
        },
        openapi_extra=SECURED,
    )
    async def list_reviews(case: CaseNumber, request: Request) -> Response:
        """Show what the case has shown the reviewer, and what the reviewer says."""
        found = await desk.reviews.of(case, secret_of(request))
        return Json({"reviews": [described(item) for item in found]})

    return router


def described(item: SharedItem) -> dict[str, Any]:
    """An item that was shown, as the API shows it."""
    return {
        "index": item.entry,
        "state": str(item.state),
        "value": item.value,
        "note": item.note,
        "answer": item.answer,
        "asked": item.asked,
    }
