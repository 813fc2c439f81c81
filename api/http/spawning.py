"""/api/v2/query/urls/: many addresses at once, as Spawning's API and `datadiligence` ask."""

from __future__ import annotations

from fastapi import APIRouter, Request
from optout.api.errors import BodyTooLarge
from optout.api.service import Desk
from starlette.responses import Response

from .access import KEY_WELCOME, KeyAccepted, anybody, refusal
from .answers import Json, problems
from .bodies import whole_body
from .partner_schemas import AddressesAnswer

_EXAMPLE = {
    "urls": [{"url": "https://anna.example/2024/harbour.jpg", "optOut": True, "optIn": False}]
}


def routes(desk: Desk, accepted: KeyAccepted = anybody) -> APIRouter:
    """The one operation of Spawning's API.

    Args:
        desk: what carries it out.
        accepted: whether a key may ask.
    """
    router = APIRouter(prefix="/api/v2", tags=["compatible"])

    @router.post(
        "/query/urls/",
        response_model=AddressesAnswer,
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **problems(400, 401, 403, 413),
        },
        openapi_extra={
            **KEY_WELCOME,
            "requestBody": {
                "required": True,
                "content": {
                    "text/plain": {
                        "schema": {"type": "string"},
                        "example": "https://anna.example/2024/harbour.jpg\nhttps://b.example/",
                    }
                },
            },
        },
    )
    async def query_urls(request: Request) -> Response:
        """Ask for many addresses, one a line; an API key is needed where the operator says so.

        Every line has its answer, in order, an empty last one too. `optOut` is what a filter with
        the default policy decides by the snapshot as it is served; `optIn` is never true: not to
        have said no is not to have said yes.
        """
        refused = await refusal(request, accepted)
        if refused is not None:
            return refused
        async with whole_body(request, desk) as body:
            return await _answer(body, desk)

    return router


async def _answer(body: bytes, desk: Desk) -> Response:
    if body.count(b"\n") >= desk.limits.addresses:
        raise BodyTooLarge(
            f"the request has more than {desk.limits.addresses:,} lines",
            "Send it in smaller parts.",
        )
    lines = [line.removesuffix("\r") for line in body.decode("utf-8", "replace").split("\n")]
    verdicts = await desk.published.opted_out(lines)
    return Json(
        {
            "urls": [
                {"url": line, "optOut": out, "optIn": False}
                for line, out in zip(lines, verdicts, strict=True)
            ]
        }
    )
