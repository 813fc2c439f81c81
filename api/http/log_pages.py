"""/v1/log: the public log, page by page."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query
from optout.api.service import Desk
from starlette.responses import Response

from .answers import Json, problems
from .log_schemas import LogAnswer

MOST = 2**53
"""The largest number that every reader of JSON takes for what it is."""

MOST_RECORDS = 1000
"""Records of one page."""

_EXAMPLE = {
    "records": [
        {
            "index": 4711,
            "record": {
                "v": 1,
                "op": "withdraw",
                "entry": 12,
                "by": "operator",
                "date": "2026-11-24",
            },
        }
    ],
    "next": 4711,
    "checkpoint": "optout.example\n4713\n3J2f…=\n\n— optout.example Az3G…=\n",
}


def routes(desk: Desk) -> APIRouter:
    """The operations on the log."""
    router = APIRouter(prefix="/v1/log", tags=["log"])

    @router.get(
        "",
        response_model=LogAnswer,
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **problems(422),
        },
    )
    async def read_log(
        after: Annotated[
            int | None,
            Query(ge=0, le=MOST, description="The index of the last record that is known."),
        ] = None,
        limit: Annotated[
            int, Query(ge=1, le=MOST_RECORDS, description="Records of one page.")
        ] = 100,
    ) -> Response:
        """Read the log's public records in order; `Link` with rel="next" leads to more.

        A record is one leaf of the Merkle tree: its canonical JSON (RFC 8785) is what is hashed.
        """
        start = 0 if after is None else after + 1
        found = await desk.log_page(start, limit + 1)
        records = [
            {"index": index, "record": json.loads(leaf)}
            for index, leaf in enumerate(found[:limit], start)
        ]
        following = start + limit - 1 if len(found) > limit else None
        headers = {"Cache-Control": "no-cache"}
        if following is not None:
            headers["Link"] = f'</v1/log?after={following}&limit={limit}>; rel="next"'
        document = {
            "records": records,
            "next": following,
            "checkpoint": await desk.checkpoint(),
        }
        return Json(document, headers=headers)

    return router
