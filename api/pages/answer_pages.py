"""What the owner of an item says to a notice against it."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from optout.api.service import Desk
from optout.registry.cases import Notice, folded
from starlette.responses import Response

from .door import Door, Opened
from .rendering import READ, Rendering
from .statements import statement_of, statement_problem


class AnswerPages:
    """The page of a notice, as the owner of the item sees it.

    Args:
        desk: knows the notices, and keeps answers.
        rendering: makes pages.
        door: opens cases.
    """

    routes: Sequence[tuple[str, Sequence[str], str]] = (
        ("/case/answer", READ, "ask"),
        ("/case/answer", ("POST",), "answer"),
    )

    def __init__(self, desk: Desk, rendering: Rendering, door: Door) -> None:
        self._desk = desk
        self._rendering = rendering
        self._door = door

    async def ask(self, request: Request) -> Response:
        """The door, for who comes without a case."""
        return await self._door.ask_without_number(request)

    async def answer(self, request: Request) -> Response:
        """A notice, and what its owner says to it."""
        opened = await self._door.open(request)
        if isinstance(opened, Response):
            return opened
        wanted = folded(opened.form.text("notice"))
        against = await self._desk.disputes.against(*opened.keys)
        notice = next((one for one in against if one.number == wanted), None)
        statement = statement_of(opened.form)
        if notice is None or opened.form.text("do") != "send":
            return self._page(opened, notice, typed=statement)
        problem = statement_problem(opened.language, statement)
        if problem:
            return self._page(opened, notice, problem=problem, typed=statement)
        if not notice.state.undecided:
            return self._page(opened, notice)
        kept = await self._desk.disputes.counter(*opened.keys, notice.number, statement)
        return self._page(opened, kept, sent=True)

    def _page(
        self,
        opened: Opened,
        notice: Notice | None,
        *,
        problem: str = "",
        typed: str = "",
        sent: bool = False,
    ) -> Response:
        shown = next(
            (item for item in opened.case.items if notice and item.index == notice.entry), None
        )
        return self._rendering.page(
            *(opened.request, opened.language, "answer.html"),
            case=opened.case,
            secret=opened.secret,
            notice=notice,
            item=shown,
            problem=problem,
            typed=typed,
            sent=sent,
        )
