"""/v1/uploads: whole lists from partners."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from optout.api.errors import UnsupportedBody
from optout.api.service import FORMS, Desk, UploadDesk, media_type
from optout.registry.identifiers import Kind
from optout.registry.partners import PartnersUpload, Purpose
from starlette.responses import Response

from .access import KEYED, key_missing, key_of
from .answers import Json, problems
from .partner_schemas import SentUploadAnswer, UploadAnswer
from .problems import Problem

_EXAMPLE = {
    "id": "1f0c6e2b1f0c6e2b",
    "state": "working",
    "takes_back": False,
    "rows": 12_000,
    "changed": 11_990,
    "known": 8,
    "refused": 2,
    "refusals": [{"place": "line 17", "reason": "… is no address"}],
    "fault": None,
}


def routes(desk: Desk, lists: UploadDesk) -> APIRouter:
    """The operations on uploads.

    Args:
        desk: knows partners.
        lists: takes what they send.
    """
    router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

    @router.post(
        "",
        status_code=202,
        response_model=SentUploadAnswer,
        responses={
            202: {
                "description": "It is kept, and worked off in its turn.",
                "content": {"application/json": {"example": {"id": "1f0c6e2b1f0c6e2b"}}},
            },
            **problems(400, 401, 403, 413, 415, 422),
        },
        openapi_extra={
            **KEYED,
            "requestBody": {
                "required": True,
                "content": {
                    name: {"schema": {"type": "string", "format": "binary"}} for name in FORMS
                },
            },
        },
    )
    async def send_upload(
        request: Request,
        kind: Annotated[
            Kind | None, Query(description="What its values are, where no column `kind` says so.")
        ] = None,
        take_back: Annotated[
            bool,
            Query(alias="take-back", description="Take back what you uploaded and it lists."),
        ] = False,
    ) -> Response:
        """Send a whole list, with an API key for uploads; repeating it adds nothing.

        CSV, JSON lines and Parquet are read as `optout import` reads them; pictures are taken by
        their phash256, and files by their SHA-256 or MD5. The first line decides which fields
        there are. What lies beneath the domain that you have proved is registered with the grade
        `domain`, everything else with `self`.
        """
        form = FORMS.get(media_type(request.headers.get("content-type", "")))
        if form is None:
            raise UnsupportedBody("a list is not sent in this form", f"Send {', '.join(FORMS)}.")
        partner = await desk.partners.bearer(key_of(request), Purpose.UPLOAD)
        if partner is None:
            return key_missing()
        told = str(kind or "")
        identity = await lists.take(partner, form, told, request.stream(), takes_back=take_back)
        return Json({"id": identity}, 202, {"Location": f"/v1/uploads/{identity}"})

    @router.get(
        "/{upload}",
        response_model=UploadAnswer,
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **problems(401, 403, 404),
        },
        openapi_extra=KEYED,
    )
    async def read_upload(
        request: Request,
        upload: Annotated[str, Path(max_length=64, description="Its `id`, as it was told.")],
    ) -> Response:
        """Tell how far a list has come, and the first values of it that were refused."""
        partner = await desk.partners.bearer(key_of(request), Purpose.UPLOAD)
        if partner is None:
            return key_missing()
        found = await lists.find(upload, partner)
        if found is None:
            return Problem(404, "there is no such list of yours")
        return Json(_document(found), headers={"Cache-Control": "no-store"})

    return router


def _document(upload: PartnersUpload) -> dict[str, object]:
    told = upload.progress
    return {
        "id": upload.id,
        "state": told.state,
        "takes_back": upload.takes_back,
        "rows": told.rows,
        "changed": told.changed,
        "known": told.known,
        "refused": told.refused,
        "refusals": [{"place": place, "reason": why} for place, why in told.refusals],
        "fault": told.fault or None,
    }
