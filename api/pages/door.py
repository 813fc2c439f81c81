"""The door of a case: whoever brings its number and its secret comes in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from optout.api.service import Desk, Form, visible
from optout.registry.cases import Case, CaseNotFound, folded
from starlette.responses import Response

from .languages import Language
from .rendering import READ, Rendering


@dataclass(frozen=True, slots=True)
class Opened:
    """A case, opened by what a form has brought.

    Attributes:
        request: that brought it.
        form: what it brought.
        language: of the page that answers.
        case: as it stands.
        secret: its only key, as it was made.
    """

    request: Request
    form: Form = field(repr=False)
    language: Language
    case: Case = field(repr=False)
    secret: str = field(repr=False)

    @property
    def keys(self) -> tuple[str, str]:
        """Number and secret, as the desk asks for them."""
        return self.case.number, self.secret


class Door:
    """Opens cases.

    Args:
        desk: knows the cases.
        rendering: makes pages.
    """

    def __init__(self, desk: Desk, rendering: Rendering) -> None:
        self._desk = desk
        self._rendering = rendering

    async def ask(self, request: Request, number: str = "") -> Response:
        """The page that asks for number and secret."""
        language = self._rendering.language(request)
        return self._rendering.page(request, language, "door.html", number=visible(number, 20))

    async def open(self, request: Request) -> Opened | Response:
        """The case that a form opens, or the page that says that it opens none.

        Raises:
            RegistryError: the registry cannot be read.
        """
        form = await self._rendering.form(request)
        language = self._rendering.language(request, form)
        number, secret = form.text("number").strip(), form.text("secret").strip()
        try:
            case = await self._desk.read_case(number, secret)
        except CaseNotFound:
            shown = visible(number, 20)
            return self._rendering.page(
                request, language, "door.html", 404, number=shown, wrong=True
            )
        return Opened(request, form, language, case, folded(secret))


class Room(ABC):
    """A page behind the door, which a form with a case's number and secret opens.

    Args:
        desk: reads and changes cases.
        rendering: makes pages.
        door: opens cases.
    """

    path = ""

    def __init__(self, desk: Desk, rendering: Rendering, door: Door) -> None:
        self._desk = desk
        self._rendering = rendering
        self._door = door

    @property
    def routes(self) -> Sequence[tuple[str, Sequence[str], str]]:
        """What is answered by which method of this class."""
        return (self.path, READ, "ask"), (self.path, ("POST",), "enter")

    async def ask(self, request: Request) -> Response:
        """The door, for who comes without a case."""
        return await self._door.ask(request)

    async def enter(self, request: Request) -> Response:
        """The page of a case, or the door where it stays shut."""
        opened = await self._door.open(request)
        return opened if isinstance(opened, Response) else await self.show(opened)

    @abstractmethod
    async def show(self, opened: Opened) -> Response:
        """The page of a case that is open, after what its form wishes is done."""
