"""/v1/entries: what the public log says of one entry."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Path
from optout.api.service import Desk
from starlette.responses import Response

from .answers import Json, problems
from .log_pages import MOST
from .log_schemas import EntryAnswer
from .problems import Problem

_EXAMPLE = {
    "index": 12,
    "kind": "url",
    "state": "withdrawn",
    "grade": "self",
    "usage": ["train-ai"],
    "date": "2026-11-24",
    "records": [{"index": 4711, "record": {"v": 1, "op": "withdraw", "entry": 12}}],
}


def routes(desk: Desk) -> APIRouter:
    """The operations on entries."""
    router = APIRouter(prefix="/v1/entries", tags=["log"])

    @router.get(
        "/{index}",
        response_model=EntryAnswer,
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **problems(404),
        },
    )
    async def read_entry(
        index: Annotated[int, Path(ge=0, le=MOST, description="Its place in the public log.")],
    ) -> Response:
        """Tell an entry's state, grade, usage and date, and the log's records about it.

        What it covers is not told: whoever knows an item can look it up.
        """
        found = await desk.entry(index)
        if found is None:
            return Problem(404, "there is no such entry")
        entry = found.entry
        document = {
            "index": entry.index,
            "kind": str(entry.kind),
            "state": str(entry.status),
            "grade": str(entry.grade),
            "usage": list(entry.usage),
            "date": entry.date,
            "records": [
                {"index": position, "record": json.loads(leaf)} for position, leaf in found.records
            ],
        }
        return Json(document, headers={"Cache-Control": "no-cache"})

    return router
