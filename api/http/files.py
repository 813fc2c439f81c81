"""What anybody may fetch: the snapshot's files, the log's checkpoint and key, a sign of life."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from optout.api.service import Desk, OpenFile
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from .access import KEY_WELCOME, KeyAccepted, anybody, refusal
from .answers import Json, problems
from .byte_ranges import Part, content_range, multipart_heads, parse_range, read_part
from .problems import Problem

_CHUNK = 1 << 18
_TYPES = {"json": "application/json", "jsonl": "application/jsonl"}


def routes(desk: Desk, accepted: KeyAccepted = anybody) -> APIRouter:
    """The operations on public files.

    Args:
        desk: what they are read from.
        accepted: whether a key may read the snapshot.
    """
    router = APIRouter(tags=["public files"])
    content = {
        "application/json": {"schema": {"type": "object"}},
        "application/jsonl": {"schema": {"type": "string"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    }

    @router.head("/snapshot/{path:path}", include_in_schema=False)
    @router.get(
        "/snapshot/{path:path}",
        response_class=Response,
        responses={
            200: {"content": content},
            206: {"description": "The parts that `Range` asks for."},
            304: {"description": "Unchanged."},
            **problems(401, 403, 404, 416),
        },
        openapi_extra=KEY_WELCOME,
    )
    async def snapshot_file(
        path: Annotated[
            str, Path(description="A path of the manifest.", examples=["snapshot.json"])
        ],
        request: Request,
    ) -> Response:
        """Fetch one file of the current snapshot, beginning with `snapshot.json`.

        The manifest names every other file and its SHA-256, which is also its ETag. `Range` asks
        for parts of a file, `If-Range` for parts of that very file or else the whole. An API key
        is needed where the operator says so.
        """
        refused = await refusal(request, accepted)
        if refused is not None:
            return refused
        file = await desk.published.open(path)
        if file is None:
            return Problem(404, "the snapshot has no such file")
        # Whoever holds a copy asks again each time: what is erased must not live on in caches.
        headers = {"ETag": f'"{file.digest}"', "Cache-Control": "no-cache"}
        if _has(request.headers.get("if-none-match", ""), file.digest):
            file.stream.close()
            return Response(status_code=304, headers=headers)
        headers["Accept-Ranges"] = "bytes"
        media_type = _TYPES.get(path.rpartition(".")[2], "application/octet-stream")
        wanted = _wanted(request, file)
        if wanted is not None:
            return _partial(file, wanted, media_type, headers)
        headers["Content-Length"] = str(file.size)
        if request.method == "HEAD":
            file.stream.close()
            return Response(headers=headers, media_type=media_type)
        return StreamingResponse(_chunks(file), headers=headers, media_type=media_type)

    @router.head("/checkpoint", include_in_schema=False)
    @router.get(
        "/checkpoint",
        response_class=PlainTextResponse,
        responses=problems(),
    )
    async def checkpoint() -> Response:
        """Fetch the log's checkpoint: its origin, size and root, signed (C2SP signed note)."""
        return PlainTextResponse(await desk.checkpoint(), headers={"Cache-Control": "no-cache"})

    @router.head("/key", include_in_schema=False)
    @router.get(
        "/key",
        response_class=PlainTextResponse,
        responses=problems(),
    )
    async def key() -> Response:
        """Fetch the key that signs log and snapshot (C2SP verifier key), to be noted and expected.

        Only a key that you know from elsewhere, or noted earlier, tells you of an impostor.
        """
        return PlainTextResponse(f"{desk.key}\n", headers={"Cache-Control": "no-cache"})

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz", responses=problems())
    async def health() -> Response:
        """Tell whether the service and its registry answer."""
        await desk.ping()
        return Json({"status": "ok"})

    return router


def _has(header: str, digest: str) -> bool:
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return digest in tags or "*" in tags


def _wanted(request: Request, file: OpenFile) -> list[Part] | None:
    condition = request.headers.get("if-range", "").strip()
    # Only a strong tag says that parts belong to each other; dates are not told.
    if request.method != "GET" or condition not in {"", f'"{file.digest}"'}:
        return None
    return parse_range(request.headers.get("range", ""), file.size)


def _partial(
    file: OpenFile, parts: list[Part], media_type: str, headers: dict[str, str]
) -> Response:
    if not parts:
        file.stream.close()
        headers["Content-Range"] = f"bytes */{file.size}"
        return Problem(416, "no part of the file lies there", headers=headers)
    heads, tail = [b""], b""
    if len(parts) == 1:
        headers["Content-Range"] = content_range(parts[0], file.size)
    else:
        heads, tail = multipart_heads(parts, file.size, media_type, file.digest)
        media_type = f"multipart/byteranges; boundary={file.digest}"
    length = sum(end - begin for begin, end in parts) + sum(map(len, heads)) + len(tail)
    headers["Content-Length"] = str(length)

    def pieces() -> Iterator[bytes]:
        with file.stream as stream:
            for head, part in zip(heads, parts, strict=True):
                yield head
                yield from read_part(stream, part)
        yield tail

    return StreamingResponse(pieces(), 206, headers=headers, media_type=media_type)


async def _chunks(file: OpenFile) -> AsyncIterator[bytes]:
    with file.stream as stream:
        while chunk := await to_thread.run_sync(stream.read, _CHUNK):
            yield chunk
