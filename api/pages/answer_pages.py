"""What the owner of an item says to a notice against it."""

from __future__ import annotations

from optout.registry.cases import Notice, folded
from starlette.responses import Response

from .door import Opened, Room
from .statements import statement_of, statement_problem


class AnswerPages(Room):
    """The page of a notice, as the owner of the item sees it."""

    path = "/case/answer"

    async def show(self, opened: Opened) -> Response:
        """A notice, and what its owner says to it."""
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
