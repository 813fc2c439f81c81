"""/v1/ranges: looking one item up without saying which."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from optout.api.service import IMAGES, ITEMS, Desk
from starlette.responses import Response

from .answers import Json, problems

_LINE = "fc9430d49e9033618519a31519ecfe19e8cc99e1c1a5dfc5c23d7358cf8:url    :self    :in-force:1"
Prefix = Annotated[
    str,
    Path(description="The first five hexadecimal digits.", examples=["7dfbd"]),
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
        "example": {"range": "7dfbd", "lines": [_LINE]},
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
        When it was built, `Last-Modified` says.

        Canonical is, of a url, host, port, path and query as the WHATWG URL standard writes them,
        without scheme, user, ports 80 and 443, fragment and empty query, and with the escapes of
        letters, digits and `-._~` decoded; of a prefix, the same without query. Of a site it is
        the host, of an account `platform:handle`, of a work `scheme:number`, of a file the SHA-256
        in lower case, or `md5:` and the MD5. `understood` in a case's answer shows it, and so does
        `optout.registry.Identifier` in Python.

        An example: of the url `HTTPS://Anna.Example:443/2024/h%61rbour.jpg#top` it is
        `anna.example/2024/harbour.jpg`. SHA-256 of `optout/v1/url`, a zero byte and this is
        `7dfbdfc9430d49e9033618519a31519ecfe19e8cc99e1c1a5dfc5c23d7358cf8`: ask for
        `/v1/ranges/7dfbd`, and compare `fc9430d49e…` with the beginning of each line.

        A url's look-up does not find a site, prefix or account that covers it: ask for these too.
        Of `anna.example/2024/harbour.jpg` they are the site `anna.example` and the prefixes
        `anna.example/2024/harbour.jpg` and `anna.example/2024`.
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
    published = await desk.published.current()
    digest = published.snapshot.digest
    lines = published.ranges.look_up(space, prefix)
    as_json = "application/json" in request.headers.get("accept", "")
    form = "json" if as_json else "text"
    tag = f'"{digest[:32]}-{space}-{prefix.lower()}-{form}"'
    # Packed on the way, the length would tell what is made up from what is not.
    headers = {
        "Cache-Control": "public, max-age=60, no-transform",
        "ETag": tag,
        "Last-Modified": format_datetime(published.figures.built, usegmt=True),
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
