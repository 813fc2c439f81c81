"""Is this registered, and in force? The page that answers it, where the script does not.

The script asks for ranges of digests, and what is asked about stays in the browser. Without it the
form is sent, and the page says so beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import Request
from optout.api.service import (
    Asked,
    Desk,
    Form,
    Found,
    Question,
    Refusal,
    picture_question,
    read_form,
    read_question,
)
from optout.registry.images import MAX_PIXELS
from starlette.responses import Response

from . import look_up_words
from .rendering import READ, Rendering


class LookUpPages:
    """Looks one thing up.

    Args:
        desk: reads pictures, and knows what is published.
        rendering: makes pages.
    """

    routes = (
        ("/look-up", READ, "ask"),
        ("/look-up", ("POST",), "answer"),
    )

    def __init__(self, desk: Desk, rendering: Rendering) -> None:
        self._desk = desk
        self._rendering = rendering

    async def ask(self, request: Request) -> Response:
        """The page as it is first seen."""
        page = self._page(request)
        page.headers["Cache-Control"] = "private, no-cache"
        return page

    async def answer(self, request: Request) -> Response:
        """The page with an answer on it."""
        limits = self._desk.limits
        async with self._desk.uploads.hold_beyond(limits.words, request.stream()) as body:
            form = await read_form(request.headers.get("content-type", ""), body, limits)
            question = await self._question(form)
        if not isinstance(question, Question):
            return self._page(request, form, refusal=question, empty=question is None)
        published, found = await self._desk.published.find(question.asked)
        return self._page(
            *(request, form),
            question=question,
            found=_strongest(found),
            rest=_not_among(question.asked, found),
            built=published.figures.built,
            is_picture=bool(form.uploads("pictures")),
        )

    async def _question(self, form: Form) -> Question | Refusal | None:
        for upload in form.uploads("pictures")[:1]:
            (read,) = await self._desk.read_pictures([upload])
            return picture_question(read, upload)
        text = form.text("asked")
        if not text.strip():
            return None
        return await self._desk.readers.run(read_question, text, self._desk.limits)

    def _page(
        self,
        request: Request,
        form: Form | None = None,
        **values: Any,  # noqa: ANN401 (what the template asks for)
    ) -> Response:
        nothing = {"question": None, "refusal": None, "empty": False, "is_picture": False}
        return self._rendering.page(
            *(request, self._rendering.language(request, form), "look-up.html"),
            told=look_up_words,
            most_pixels=MAX_PIXELS,
            asked=form.text("asked") if form else "",
            **(nothing | values),
        )


def _strongest(found: Iterable[Found]) -> list[Found]:
    """What was found, each thing once, by the claim that is proved best."""
    best: dict[tuple[str, str], Found] = {}
    for one in found:
        # A picture is found by up to three fingerprints, a file by two digests: each is one thing.
        name = (one.asked.kind, one.asked.form)
        if name not in best or best[name].grade.rank < one.grade.rank:
            best[name] = one
    return list(best.values())


def _not_among(asked: Iterable[Asked], found: Iterable[Found]) -> list[Asked]:
    """What was looked for and not found, each thing once."""
    there = {(one.asked.kind, one.asked.form) for one in found}
    named = {(one.kind, one.form): one for one in asked}
    return [one for name, one in named.items() if name not in there]
