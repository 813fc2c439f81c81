"""Telling others: a link to the start page, and a picture to post, with nothing of any case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from .languages import HERE, N_, Language
from .rendering import READ, Rendering

LINES: Sequence[str] = (
    N_("I said no."),
    N_("No AI training with my work."),
    N_("You can say no, too."),
)
"""What stands on the picture, from the top."""

WIDTH, HEIGHT = 1200, 630
"""Pixels of the picture: the shape that networks show whole."""

_INVITES = N_(
    "I said no to AI training with my work: once, for free, without an account. So can you:"
)
_KEPT = {"Cache-Control": "public, max-age=86400"}


@dataclass(frozen=True, slots=True)
class Invitation:
    """What somebody may pass on: the same for every case.

    Attributes:
        words: a sentence that the link goes on from.
        link: of the start page.
        mail: opens a letter that holds both.
        picture: the address of the picture to post.
    """

    words: str
    link: str
    mail: str
    picture: str


def invitation(language: Language, base: str) -> Invitation:
    """What may be passed on in a language.

    Args:
        language: of the words.
        base: the address under which people reach the service.
    """
    said, link = language.text(_INVITES), f"{base}/"
    subject = quote(language.text(LINES[0]), safe="")
    mail = f"mailto:?subject={subject}&body={quote(f'{said} {link}', safe='')}"
    return Invitation(said, link, mail, f"/share.png?lang={language.code}")


class Sharing:
    """Serves the picture to post.

    Args:
        rendering: makes the drawing, and knows the languages.
    """

    routes: Sequence[tuple[str, Sequence[str], str]] = (
        ("/share.png", READ, "picture"),
        ("/share.svg", READ, "drawing"),
    )

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._pictures = {code: picture_of(code) for code in rendering.languages}

    async def picture(self, request: Request) -> Response:
        """The picture as PNG."""
        language = self._rendering.language(request)
        told = {**_KEPT, "Content-Language": language.code, "Vary": "Accept-Language"}
        return Response(self._pictures[language.code], media_type="image/png", headers=told)

    async def drawing(self, request: Request) -> Response:
        """The same as SVG, for who prints it."""
        language = self._rendering.language(request)
        told = {**_KEPT, "Content-Language": language.code, "Vary": "Accept-Language"}
        return Response(drawing_of(language), media_type="image/svg+xml", headers=told)


def drawing_of(language: Language) -> str:
    """The picture to post, drawn in a language's words."""
    lines = [language.text(line) for line in LINES]
    return language.template("share.svg").render(lines=lines, width=WIDTH, height=HEIGHT)


def picture_of(code: str) -> bytes:
    """The picture to post, as it was painted from its drawing."""
    return (HERE / "static" / f"share.{code}.png").read_bytes()
