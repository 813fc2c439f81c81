"""Bodies of requests: whole, and not too many large ones at once; or JSON of a known shape."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import Request
from optout.api.errors import Fault, ItemsRefused, UnreadableBody, UnsupportedBody
from optout.api.service import Desk, media_type
from pydantic import BaseModel, ValidationError

from .schemas import faults_of, pointer

Model = TypeVar("Model", bound=BaseModel)


@asynccontextmanager
async def whole_body(request: Request, desk: Desk) -> AsyncIterator[bytes]:
    """A request's body, which holds a place for as long as it is needed where it is large.

    Raises:
        Busy: it is large, and too many are waiting already.
    """
    async with desk.uploads.hold_beyond(desk.limits.words, request.stream()) as body:
        yield b"".join([chunk async for chunk in body])


async def read_model(request: Request, model: type[Model], most: int | None = None) -> Model:
    """A request's JSON body, which is as small as words are.

    Args:
        request: whose body has not been read.
        model: what it must be.
        most: how many `items` it may have.

    Raises:
        UnsupportedBody: it is no JSON.
        UnreadableBody: it cannot be read.
        ItemsRefused: it is not what the model takes, or has too many items.
    """
    kind = media_type(request.headers.get("content-type", ""))
    if kind != "application/json":
        raise UnsupportedBody("the request's body is not JSON", "Send application/json.")
    body = b"".join([chunk async for chunk in request.stream()])
    try:
        document = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as fault:
        raise UnreadableBody(
            "the request's body is not readable JSON", "Send an object, as UTF-8."
        ) from fault
    if most is not None and isinstance(document, dict) and isinstance(document.get("items"), list):
        # Before every one of them is looked at.
        check_most(len(document["items"]), most)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise ItemsRefused(faults_of(error)) from None


def check_most(count: int, most: int) -> None:
    """Refuse more items than one case takes.

    Raises:
        ItemsRefused: there are more.
    """
    if count > most:
        detail = f"one case takes {most} items, and {count} were given"
        raise ItemsRefused([Fault(pointer("items"), "too-long", detail, "Open several cases.")])
