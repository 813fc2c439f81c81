"""`optout review`: what people ask the operator to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import values as read
from . import words
from .console import Console, Piece
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt

if TYPE_CHECKING:
    from optout.registry import Registry
    from optout.registry.cases import Notice, SharedItem
    from optout.registry.log import Entry

_ACTIONS = ("list", "accept", "decline", "uphold", "reject")
_SPOKEN = ("decline", "uphold", "reject")
_OF_NOTICES = ("uphold", "reject")
"""What is decided with a reason."""
_DONE = {
    "accept": "accepted",
    "decline": "declined",
    "uphold": "upheld",
    "reject": "rejected",
}


def review(
    action: Annotated[
        str,
        typer.Argument(
            metavar="ACTION",
            help=(
                "list (if you say nothing); accept or decline an item that its creator shows; "
                "uphold or reject a notice."
            ),
        ),
    ] = "list",
    which: Annotated[
        str | None,
        typer.Argument(metavar="ENTRY|NOTICE", help="The item's entry number, or the notice's."),
    ] = None,
    because: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why: of an item for its creator alone; of a notice for all to read, no names.",
        ),
    ] = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Look at what people ask you to decide, the soonest due first, and decide it.

    Both are due within 14 business days. An upheld notice withdraws its entry; until then the entry
    is in force. An accepted item is graded reviewed; what its creator showed is removed with the
    decision.
    """
    from optout.registry import Registry

    console = Console(json=json)
    _check(action, which, because)
    now = datetime.now(UTC)
    with Registry.open(registry) as opened:
        if action == "list":
            _list(console, _waiting(opened, now.date()), json=json)
        else:
            _decide(console, opened, action, which or "", because or "", now)
    return Exit.DONE


def _check(action: str, which: str | None, because: str | None) -> None:
    from optout.registry.errors import UsageError

    if action not in _ACTIONS:
        raise UsageError(
            f"{action!r} is nothing that can be done with a review",
            f"Say {', '.join(_ACTIONS[:-1])} or {_ACTIONS[-1]}.",
        )
    if action == "list" and which is not None:
        raise UsageError("a list is of everything that is to be decided", "Say: optout review")
    if action != "list" and which is None:
        named = "notice" if action in _OF_NOTICES else "entry"
        raise UsageError(
            f"to {action} takes the number of the {named}",
            "What is to be decided is listed by: optout review",
        )
    if action in _SPOKEN and not (because or "").strip():
        raise UsageError(f"to {action} takes a reason", "Give it with --because.")
    if because is not None and action not in _SPOKEN:
        raise UsageError(
            f"to {action} takes no reason", "Leave out --because; the log says `reviewed`."
        )


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Something to be decided."""

    due: str
    entry: int
    stands: Entry
    today: date
    asked: Notice | SharedItem

    @property
    def is_overdue(self) -> bool:
        return self.due < self.today.isoformat()


def _waiting(registry: Registry, today: date) -> list[_Waiting]:
    """Everything that is to be decided, the soonest due first."""
    from optout.registry.cases import due_date

    notices, shown = registry.notices.undecided(), registry.sharing.asked()
    about = {*(one.entry for one in notices), *(one.entry for one in shown)}
    stands = registry.entries(about)
    found = [
        *(_Waiting(one.due, one.entry, stands[one.entry], today, one) for one in notices),
        *(
            _Waiting(
                due_date(date.fromisoformat(one.asked)).isoformat(),
                one.entry,
                stands[one.entry],
                today,
                one,
            )
            for one in shown
        ),
    ]
    return sorted(found, key=lambda one: (one.due, one.entry))


def _list(console: Console, waiting: Sequence[_Waiting], *, json: bool) -> None:
    from optout.registry.cases import Notice

    console.document({"undecided": [_document(one) for one in waiting]})
    if json:
        return
    if not waiting:
        console.result("nothing is to be decided")
        return
    rows: list[Sequence[Piece]] = [
        tuple((name, "dim") for name in ("due", "what", "entry", "kind", "grade", "", "said"))
    ]
    for one in waiting:
        rows += _rows(one)
    console.table(rows, right=(2,))
    overdue = sum(one.is_overdue for one in waiting)
    told = f", {overdue:,} overdue" if overdue else ""
    console.result(f"{words.counted(len(waiting), 'decision')} to make{told}")
    first = waiting[0].asked
    if isinstance(first, Notice):
        command = f"optout review reject {first.number} --because '…'"
        console.next(command, "or uphold it, which withdraws the entry; the reason is public")
    else:
        console.next(f"optout review accept {first.entry}", "or decline it, with --because '…'")


def _rows(one: _Waiting) -> list[Sequence[Piece]]:
    """The lines of one decision: what it is about, then everything that is said."""
    from optout.registry.cases import Notice

    if isinstance(one.asked, Notice):
        what = one.asked.number
        said = [
            (str(one.asked.reason), _shown(one.asked.statement)),
            ("covers", _shown(one.asked.covers)),
            ("answer", _shown(one.asked.counter)),
        ]
    else:
        what = "item"
        said = [(_what_is_shown(one), _shown(one.asked.value)), ("note", _shown(one.asked.note))]
    stands = one.stands
    head: list[Piece] = [
        (one.due, "bold red" if one.is_overdue else ""),
        (what, "bold"),
        str(one.entry),
        str(stands.kind),
        str(stands.grade),
    ]
    left: list[Piece] = [""] * len(head)
    rows: list[Sequence[Piece]] = []
    for label, text in said:
        if text or not rows:
            rows.append([*(left if rows else head), (label, "cyan"), text or "-"])
    return rows


def _what_is_shown(one: _Waiting) -> str:
    from optout.registry.cases import SHOWN_ELSEWHERE

    return "to be seen at" if one.stands.kind in SHOWN_ELSEWHERE else "covers"


def _shown(text: str | None) -> str:
    """What somebody wrote, whole, and made visible: nothing in it may speak to a terminal."""
    from optout.api.words import visible_prose

    return visible_prose(text or "", len(text or ""))


def _document(one: _Waiting) -> dict[str, Any]:
    from optout.registry.cases import Notice

    told: dict[str, Any] = {
        "entry": one.entry,
        "kind": str(one.stands.kind),
        "grade": str(one.stands.grade),
        "due": one.due,
        "overdue": one.is_overdue,
    }
    asked = one.asked
    if isinstance(asked, Notice):
        return {
            **told,
            "notice": asked.number,
            "reason": str(asked.reason),
            "made": asked.made,
            "state": str(asked.state),
            "covers": None if asked.covers is None else _shown(asked.covers),
            "statement": _shown(asked.statement),
            "counter": None if asked.counter is None else _shown(asked.counter),
        }
    return {
        **told,
        "notice": None,
        "asked": asked.asked,
        "value": _shown(asked.value),
        "note": _shown(asked.note),
    }


def _decide(
    console: Console, registry: Registry, action: str, which: str, because: str, now: datetime
) -> None:
    from optout.registry.cases import Notice

    if action == "uphold":
        entry = registry.notices.uphold(which, because.strip(), now)
    elif action == "reject":
        entry = registry.notices.reject(which, because.strip(), now)
    elif action == "accept":
        entry = _item(which)
        registry.sharing.review(entry, now)
    else:
        entry = _item(which)
        registry.sharing.decline(entry, because)
    left = _waiting(registry, now.date())
    stands = registry.entries([entry])[entry]
    console.result(
        f"{_DONE[action]}: ", (f"entry {entry}", "bold"), f" is {stands.status}, {stands.grade}"
    )
    others = sum(one.entry == entry and isinstance(one.asked, Notice) for one in left)
    if action == "reject" and others:
        console.say(
            f"{words.counted(others, 'other notice')} about it to decide: nothing was logged, but "
            "sender and owner are told your reason"
        )
    console.document(
        {
            "decided": action,
            "entry": entry,
            "status": str(stands.status),
            "grade": str(stands.grade),
            "left": len(left),
        }
    )
    if left:
        console.next("optout review", f"{words.counted(len(left), 'decision')} left to make")
    elif action in {"accept", "uphold"}:
        console.next("optout snapshot snapshot", "a service that runs renews its own")


def _item(which: str) -> int:
    from optout.registry.errors import UsageError

    numbers = read.entry_numbers([which])
    if len(numbers) != 1:
        raise UsageError("one item is decided at a time", "Give the number of one entry.")
    return numbers[0]
