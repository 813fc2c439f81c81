"""/v1/feeds/stopncii: the published pictures in the form of StopNCII's feed."""

from __future__ import annotations

import io
import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from optout.api.service import Desk
from optout.registry.lists import FORMS
from starlette.responses import Response

from .access import KEYED, KeyAccepted, anybody, refusal
from .answers import Json, problems
from .log_pages import MOST, MOST_RECORDS
from .partner_schemas import FeedAnswer

_EXAMPLE = {
    "count": 1,
    "nextSetTimestamp": 1795478400,
    "nextPageToken": "",
    "hasMoreRecords": False,
    "hashRecords": [
        {
            "lastModtimestamp": 1795478400,
            "signalType": "ImagePDQ",
            "hashValue": "2afc4a5c09628a7961c0d5a0f2dbb4c5c0d5a0f2dbb4c52afc4a5c09628a7961",
            "hashStatus": "Active",
            "caseNumbers": {"4711": "Active"},
            "CSPFeedbacks": [],
        }
    ],
}


def routes(desk: Desk, accepted: KeyAccepted = anybody) -> APIRouter:
    """The feed.

    Args:
        desk: what it is read from.
        accepted: whether a key may read it.
    """
    router = APIRouter(prefix="/v1/feeds", tags=["compatible"])

    @router.get(
        "/stopncii",
        response_model=FeedAnswer,
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **problems(401, 403, 422),
        },
        openapi_extra=KEYED,
    )
    async def stopncii_feed(
        request: Request,
        since: Annotated[int, Query(ge=0, le=MOST, description="Seconds since 1970.")] = 0,
        page_token: Annotated[str, Query(alias="pageToken", max_length=60)] = "",
        page_size: Annotated[int, Query(alias="pageSize", ge=1, le=MOST_RECORDS)] = 500,
    ) -> Response:
        """Read the hashes of pictures that changed since a time, and what was taken back.

        `nextSetTimestamp` is the time to ask from next; that day's records may come again.
        """
        refused = await refusal(request, accepted)
        if refused is not None:
            return refused
        page = await desk.published.feed_page(since, page_token, page_size)
        stream = io.BytesIO()
        FORMS["stopncii"].write(stream, iter(page.records))
        document = json.loads(stream.getvalue())
        document["nextSetTimestamp"] = max(document["nextSetTimestamp"], since)
        document["nextPageToken"] = page.following
        document["hasMoreRecords"] = bool(page.following)
        return Json(document)

    return router
