"""/v1/notices: what others say against entries, and what their owners answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from optout.api.service import CountedNotice, Desk, uncounted_notice
from optout.registry.cases import CaseNotFound, Notice, NoticeState, Reason, folded
from starlette.responses import Response

from . import idempotency
from .access import SECURED, CaseNumber, NoticeNumber, secret_of, unlocked
from .answers import Json, problems
from .bodies import read_model
from .dispute_schemas import (
    COUNTER_EXAMPLE,
    COUNTERED_EXAMPLE,
    NOTICE_ANSWER_EXAMPLE,
    NOTICE_EXAMPLE,
    SENT_NOTICE_EXAMPLE,
    Counter,
    NoticeAnswer,
    NoticeRequest,
    NoticesAnswer,
    SentNoticeAnswer,
)
from .given import one_item
from .problems import Problem
from .schemas import body_of


def routes(desk: Desk, counted: CountedNotice = uncounted_notice) -> APIRouter:
    """The operations on notices.

    Args:
        desk: what carries them out.
        counted: counts what a network sends about an entry.
    """
    router = APIRouter(prefix="/v1", tags=["notices"])

    @router.post(
        "/notices",
        status_code=201,
        response_model=SentNoticeAnswer,
        responses={
            201: {
                "content": {"application/json": {"example": SENT_NOTICE_EXAMPLE}},
                "headers": idempotency.REPLAYED_HEADER,
            },
            **problems(400, 403, 413, 415, 422),
        },
        openapi_extra={
            "parameters": [idempotency.PARAMETER],
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(NoticeRequest, NOTICE_EXAMPLE)},
            },
        },
    )
    async def send_notice(request: Request) -> Response:
        """Dispute an entry: say what it covers, and why it should not be there.

        It stays in force until the operator decides, within 14 business days. Its owner sees the
        statement, and may answer. Who does not know what the entry covers gets the same answer as
        for an entry that there is not, or no longer.
        """
        key = idempotency.key_of(request)
        told = await read_model(request, NoticeRequest)
        item = await one_item(told.item, desk)
        with counted(request, told.entry) as admit:
            sent = await desk.disputes.send(
                *(told.entry, item.identifier, Reason(told.reason), told.statement),
                key,
                admit,
                item.shown,
            )
        document = {
            "notice": sent.number,
            "secret": sent.secret,
            "entry": told.entry,
            "reason": told.reason,
            "state": str(NoticeState.OPEN),
            "made": sent.made,
            "due": sent.due,
        }
        again = idempotency.REPLAYED if sent.replayed else {}
        return Json(document, 201, {"Location": f"/v1/notices/{sent.number}", **again})

    @router.get(
        "/notices/{notice}",
        response_model=NoticeAnswer,
        responses={
            200: {"content": {"application/json": {"example": NOTICE_ANSWER_EXAMPLE}}},
            **problems(401, 404),
        },
        openapi_extra=SECURED,
    )
    async def read_notice(notice: NoticeNumber, request: Request) -> Response:
        """Show a notice to who sent it, with its own secret."""
        try:
            found = await desk.disputes.read(notice, secret_of(request))
        except CaseNotFound as fault:
            return Problem(404, fault.message, advice=fault.advice)
        return Json(described(found))

    @router.get(
        "/cases/{case}/notices",
        response_model=NoticesAnswer,
        responses={
            200: {
                "content": {"application/json": {"example": {"notices": [NOTICE_ANSWER_EXAMPLE]}}}
            },
            **problems(401, 404),
        },
        openapi_extra=SECURED,
    )
    async def list_notices(case: CaseNumber, request: Request) -> Response:
        """Show what others say against the items of a case, the oldest first."""
        found = await desk.disputes.against(case, secret_of(request))
        return Json({"notices": [described(notice) for notice in found]})

    @router.put(
        "/cases/{case}/notices/{notice}/counter",
        response_model=NoticeAnswer,
        responses={
            200: {"content": {"application/json": {"example": COUNTERED_EXAMPLE}}},
            **problems(400, 401, 404, 409, 413, 415, 422),
        },
        openapi_extra={
            **SECURED,
            "requestBody": {
                "required": True,
                "content": {"application/json": body_of(Counter, COUNTER_EXAMPLE)},
            },
        },
    )
    async def counter_notice(case: CaseNumber, notice: NoticeNumber, request: Request) -> Response:
        """Answer a notice, as the owner of the item; another answer takes the place of this one."""
        secret = secret_of(request)
        statement = (await read_model(request, Counter)).statement
        against = {one.number: one for one in await desk.disputes.against(case, secret)}
        found = against.get(folded(notice))
        if found is None:
            unlocked(request)
            return Problem(404, "there is no such notice against an item of the case")
        if not found.state.undecided:
            return Problem(409, f"the notice is {found.state}: there is nothing left to decide")
        return Json(described(await desk.disputes.counter(case, secret, notice, statement)))

    return router


def described(notice: Notice) -> dict[str, Any]:
    """A notice as the API shows it."""
    return {
        "notice": notice.number,
        "entry": notice.entry,
        "reason": str(notice.reason),
        "statement": notice.statement,
        "state": str(notice.state),
        "made": notice.made,
        "due": notice.due,
        "counter": notice.counter,
        "countered": notice.countered or None,
        "decided": notice.decided or None,
        "because": notice.because,
    }
