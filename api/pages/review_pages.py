"""Asking that a person looks: an item is shown to the reviewer, taken back, and its answer told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from optout.registry.cases import MOST_CHARACTERS, SharedItem, SharedState, due_date
from optout.registry.errors import UsageError
from optout.registry.identifiers import Grade, Kind
from starlette.responses import Response

from . import grades
from .door import Opened, Room
from .groups import by_kind
from .languages import N_, Language
from .statements import length_problem, statement_of
from .things import Thing, things_of

GIVEN_AGAIN = frozenset({Kind.TEXT, Kind.IMAGE, Kind.FILE})
"""Kinds that the case does not know well enough to show them: their owner says where they are."""

_MISSING: Mapping[Kind, str] = {
    Kind.TEXT: N_("Please paste the passage first: we have kept its beginning only."),
    Kind.IMAGE: N_("Please tell first where the picture can be seen."),
    Kind.FILE: N_("Please tell first where the file can be seen."),
}
_OTHER = N_("This is not what you registered. Please write it as you did then.")


@dataclass(frozen=True, slots=True)
class Asking:
    """A thing of a case, and where it stands with the reviewer.

    Attributes:
        thing: of the case.
        shown: what the reviewer was shown of it, and says; None where nothing was.
    """

    thing: Thing
    shown: SharedItem | None = None

    @property
    def is_reviewed(self) -> bool:
        """Whether nothing better can be had."""
        return self.thing.grade is Grade.REVIEWED

    @property
    def waits(self) -> bool:
        """Whether a person is to look at it."""
        return self.shown is not None and self.shown.state == SharedState.ASKED

    @property
    def declined(self) -> bool:
        """Whether a person looked, and could not tell."""
        return self.shown is not None and self.shown.state == SharedState.DECLINED

    @property
    def since(self) -> date:
        """The day it was shown; only of what was."""
        return date.fromisoformat(self.shown.asked if self.shown else "")

    @property
    def due(self) -> date:
        """The day by which a person decides; likewise."""
        return due_date(self.since)


@dataclass(frozen=True, slots=True)
class Typed:
    """What its owner says of an item, and what is wrong with it.

    Attributes:
        value: what the item is, or where it can be seen.
        note: what the person is to know.
        value_problem: a sentence; empty where nothing is wrong.
        note_problem: likewise.
    """

    value: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    value_problem: str = ""
    note_problem: str = ""


def askings(things: Sequence[Thing], shown: Sequence[SharedItem]) -> list[Asking]:
    """The things in force, and where each stands with the reviewer.

    Args:
        things: of a case.
        shown: what the case has shown.
    """
    by_entry = {one.entry: one for one in shown}
    found = []
    for thing in things:
        if thing.status.in_force:
            of_it = [by_entry[one.index] for one in thing.entries if one.index in by_entry]
            # Of the two entries of a file one may be decided: it waits as long as the other does.
            of_it.sort(key=lambda one: one.state != SharedState.ASKED)
            found.append(Asking(thing, of_it[0] if of_it else None))
    return found


class ReviewPages(Room):
    """The pages on which items are shown to the reviewer."""

    path = "/case/review"

    async def show(self, opened: Opened) -> Response:
        """The items that can be shown; or one of them, shown or taken back."""
        asking = await self._asking(opened, opened.form.text("item"))
        if asking is None:
            return await self._choice(opened)
        match opened.form.text("do"):
            case "show" if not asking.is_reviewed:
                return await self._show(opened, asking)
            case "take-back":
                for entry in asking.thing.entries:
                    await self._desk.reviews.take_back(*opened.keys, entry.index)
                again = await self._asking(opened, asking.thing.key)
                return self._page(opened, again or asking, said="taken-back")
        return self._page(opened, asking)

    async def _asking(self, opened: Opened, key: str) -> Asking | None:
        return next((one for one in await self._askings(opened) if one.thing.key == key), None)

    async def _askings(self, opened: Opened) -> list[Asking]:
        shown = await self._desk.reviews.of(*opened.keys)
        return askings(things_of(opened.case.items), shown)

    async def _choice(self, opened: Opened) -> Response:
        found = await self._askings(opened)
        return self._rendering.page(
            *(opened.request, opened.language, "reviews.html"),
            case=opened.case,
            secret=opened.secret,
            kinds=by_kind(found, lambda one: one.thing.kind),
            grades=grades,
        )

    async def _show(self, opened: Opened, asking: Asking) -> Response:
        thing, form, language = asking.thing, opened.form, opened.language
        known = "" if thing.kind in GIVEN_AGAIN or form.texts("value") else thing.shown
        typed = Typed(statement_of(form, "value") or known, statement_of(form, "note"))
        typed = self._checked(language, thing.kind, typed)
        if typed.value_problem or typed.note_problem:
            return self._page(opened, asking, typed)
        try:
            for entry in thing.entries:
                await self._desk.reviews.ask(*opened.keys, entry.index, typed.value, typed.note)
        except UsageError:
            typed = Typed(typed.value, typed.note, language.text(_OTHER))
            return self._page(opened, asking, typed)
        again = await self._asking(opened, thing.key)
        return self._page(opened, again or asking, said="shown")

    def _checked(self, language: Language, kind: Kind, typed: Typed) -> Typed:
        most = self._desk.limits.passage if kind is Kind.TEXT else MOST_CHARACTERS
        problem = length_problem(language, typed.value, most)
        if not typed.value:
            problem = language.text(_MISSING.get(kind, _OTHER))
        return Typed(typed.value, typed.note, problem, length_problem(language, typed.note))

    def _page(
        self, opened: Opened, asking: Asking, typed: Typed | None = None, *, said: str = ""
    ) -> Response:
        """The page of one item.

        Args:
            opened: the case.
            asking: the item.
            typed: what cannot be taken; None where nothing was typed, or it was taken.
            said: what was done: `shown` or `taken-back`.
        """
        kept = Typed(opened.form.text("value"), opened.form.text("note"))
        return self._rendering.page(
            *(opened.request, opened.language, "review.html"),
            case=opened.case,
            secret=opened.secret,
            asking=asking,
            item=asking.thing,
            given_again=asking.thing.kind in GIVEN_AGAIN,
            typed=typed or (Typed() if said else kept),
            grades=grades,
            said=said,
        )
