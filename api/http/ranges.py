"""/v1/ranges: looking one item up without saying which."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from optout.api.service import IMAGES, ITEMS, Desk
from starlette.responses import Response

from .answers import Json, problems

_LINE = f"{'0c7e' + 'a91b' * 13 + '5d2':.59}:url    :self    :in-force:1"
Prefix = Annotated[
    str,
    Path(description="The first five hexadecimal digits.", examples=["2c26b"]),
]
_CONTENT = {
    "text/plain": {"schema": {"type": "string"}, "example": f"{_LINE}\n"},
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {
                "range": {"type": "string"},
                "lines": {"type": "array", "items": {"type": "string"}},
            },
        },
        "example": {"range": "2c26b", "lines": [_LINE]},
    },
}


def routes(desk: Desk) -> APIRouter:
    """The operations on ranges."""
    router = APIRouter(prefix="/v1/ranges", tags=["look-up"])
    described: dict[int | str, dict[str, Any]] = {
        200: {"content": _CONTENT},
        304: {"description": "Unchanged."},
        **problems(422),
    }

    @router.get("/{prefix}", response_class=Response, responses=described)
    async def look_up_item(prefix: Prefix, request: Request) -> Response:
        """Look up an item by the first five digits of its digest, and compare the rest yourself.

        The digest is SHA-256 of `optout/v1/<kind>`, a zero byte and the canonical form. A line is
        `rest:kind:grade:state:count`: the other 59 digits; kind, grade and state, filled up with
        spaces; count 1 for an entry. Lines with count 0 are made up and to be passed over: they
        fill every answer to a multiple of 64 lines, the same ones as long as the snapshot stands.
        """
        return await _answer(desk, ITEMS, prefix, request)

    @router.get("/image/{prefix}", response_class=Response, responses=described)
    async def look_up_picture(prefix: Prefix, request: Request) -> Response:
        """Look up a picture by the first five digits of its phash256, as items by their digest.

        Found is what has the very hash of a registered variant, as an unmodified picture has.
        """
        return await _answer(desk, IMAGES, prefix, request)

    return router


async def _answer(desk: Desk, space: str, prefix: str, request: Request) -> Response:
    digest, lines = await desk.look_up(space, prefix)
    as_json = "application/json" in request.headers.get("accept", "")
    form = "json" if as_json else "text"
    tag = f'"{digest[:32]}-{space}-{prefix.lower()}-{form}"'
    # Packed on the way, the length would tell what is made up from what is not.
    headers = {
        "Cache-Control": "public, max-age=60, no-transform",
        "ETag": tag,
        "Vary": "Accept",
    }
    wanted = {one.strip().removeprefix("W/") for one in _tags(request)}
    if tag in wanted or "*" in wanted:
        return Response(status_code=304, headers=headers)
    if as_json:
        return Json({"range": prefix.lower(), "lines": lines}, headers=headers)
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, headers=headers, media_type="text/plain")


def _tags(request: Request) -> list[str]:
    return request.headers.get("if-none-match", "").split(",")
