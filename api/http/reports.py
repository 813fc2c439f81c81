"""/v1/reports: what partners say that their corpora left out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from optout.api.errors import UnsupportedBody
from optout.api.service import Desk, media_type
from optout.registry.partners import Purpose
from starlette.responses import Response

from .access import KEYED, key_missing, key_of
from .answers import Json, problems
from .bodies import whole_body
from .log_pages import MOST
from .partner_schemas import KeptReportAnswer, ReportsAnswer
from .problems import Problem

MOST_REPORTS = 200
"""Reports of one page."""

_SHOWN = {
    "number": 7,
    "claimed_by": "Harbour Models",
    "corpus": "Harbours 2026",
    "date": "2026-11-24",
    "size": 4711,
    "entries": 12,
    "rows": 340,
    "newest": True,
}
_ENVELOPE = {"payloadType": "application/vnd.in-toto+json", "payload": "…", "signatures": []}


def routes(desk: Desk) -> APIRouter:
    """The operations on reports."""
    router = APIRouter(prefix="/v1/reports", tags=["reports"])

    @router.post(
        "",
        status_code=201,
        response_model=KeptReportAnswer,
        responses={
            200: {
                "model": KeptReportAnswer,
                "description": "It was sent before; nothing was changed.",
                "content": {"application/json": {"example": {"number": 7, "new": False}}},
            },
            201: {
                "description": "It is kept.",
                "content": {"application/json": {"example": {"number": 7, "new": True}}},
            },
            **problems(400, 401, 403, 413, 415, 422),
        },
        openapi_extra={
            **KEYED,
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"type": "object"}, "example": _ENVELOPE}
                },
            },
        },
    )
    async def send_report(request: Request) -> Response:
        """Send what `optout report` wrote, with an API key for reports.

        It has to be signed with the key that the registry knows of you, and to be about this log.
        Of one corpus the newest report is shown, as your claim.
        """
        given = media_type(request.headers.get("content-type", ""))
        if given != "application/json":
            raise UnsupportedBody(
                "a report is sent as application/json", "Send what optout report wrote."
            )
        partner = await desk.partners.bearer(key_of(request), Purpose.REPORT)
        if partner is None:
            return key_missing()
        async with whole_body(request, desk) as body:
            number, new = await desk.partners.keep_report(partner, body)
        return Json(
            {"number": number, "new": new},
            status_code=201 if new else 200,
            headers={"Location": f"/v1/reports/{number}"},
        )

    @router.get(
        "",
        response_model=ReportsAnswer,
        responses={
            200: {"content": {"application/json": {"example": {"reports": [_SHOWN]}}}},
            **problems(422),
        },
    )
    async def list_reports(
        after: Annotated[int, Query(ge=-1, le=MOST, description="The last one you have.")] = -1,
        limit: Annotated[int, Query(ge=1, le=MOST_REPORTS)] = 50,
    ) -> Response:
        """List the reports, in the order in which they came; `Link` leads to the next page.

        Each is what its sender claims: it proves who says it, and not that it is so.
        """
        found = await desk.partners.reports(after, limit + 1)
        headers = {"Cache-Control": "no-cache"}
        if len(found) > limit:
            following = f"/v1/reports?after={found[limit - 1].number}&limit={limit}"
            headers["Link"] = f'<{following}>; rel="next"'
        shown = [
            {
                "number": one.number,
                "claimed_by": one.partner,
                "corpus": one.corpus,
                "date": one.date,
                "size": one.size,
                "entries": one.entries,
                "rows": one.rows,
                "newest": one.is_newest,
            }
            for one in found[:limit]
        ]
        return Json({"reports": shown}, headers=headers)

    @router.get(
        "/{index}",
        response_class=Response,
        responses={
            200: {
                "content": {
                    "application/json": {"schema": {"type": "object"}, "example": _ENVELOPE}
                }
            },
            **problems(404),
        },
    )
    async def read_report(
        index: Annotated[int, Path(ge=0, le=MOST, description="Its number.")],
    ) -> Response:
        """Fetch a report byte by byte as it was signed: a DSSE envelope, for auditors."""
        envelope = await desk.partners.envelope(index)
        if envelope is None:
            return Problem(404, "there is no such report")
        return Response(
            envelope, media_type="application/json", headers={"Cache-Control": "no-cache"}
        )

    return router
