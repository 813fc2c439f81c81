"""`optout keys`: the API keys of partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .console import Console
from .exits import Exit
from .options import DEFAULT_REGISTRY, AsJson, RegistryAt

if TYPE_CHECKING:
    from optout.registry.partners import Partner, Purpose

_ACTIONS = ("add", "list", "end")


def keys(
    action: Annotated[
        str,
        typer.Argument(metavar="ACTION", help="add NAME (of the partner), list, or end ID."),
    ],
    whose: Annotated[
        str | None, typer.Argument(metavar="NAME|ID", help="The partner's name, or the key's id.")
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option("--for", metavar="PURPOSE", help="What it opens: read, upload or report."),
    ] = None,
    domain: Annotated[
        str | None,
        typer.Option(metavar="D", help="What the partner has proved to control, for uploads."),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(metavar="VKEY", help="The key that its reports are signed with."),
    ] = None,
    registry: RegistryAt = DEFAULT_REGISTRY,
    json: AsJson = False,
) -> int:
    """Give partners keys to the service, list them, and end them.

    A key is shown once, when it is made. Two keys with one name are of one partner.
    """
    from optout.registry import Registry

    console = Console(json=json)
    _check(action, whose, is_full=any((purpose, domain, verifier)))
    with Registry.open(registry) as opened:
        partners = opened.partners
        if action == "list":
            _list(console, partners.all(), json=json)
        elif action == "end":
            partners.end(whose or "")
            console.result("ended ", (whose or "", "bold"))
            console.document({"id": whose, "ended": True})
        else:
            partner, key = partners.make(
                whose or "",
                _purpose(purpose, has_verifier=bool(verifier)),
                domain=_provable(domain),
                verifier=verifier or "",
            )
            console.say(f"a key of {partner.name} for {partner.purpose}; it is shown this once:")
            console.result(key.text)
            console.document({**_document(partner), "secret": key.text})
    return Exit.DONE


def _check(action: str, whose: str | None, *, is_full: bool) -> None:
    from optout.registry.errors import UsageError

    if action not in _ACTIONS:
        raise UsageError(
            f"{action!r} is nothing that can be done with keys", f"Say {', '.join(_ACTIONS)}."
        )
    if (whose is None) != (action == "list"):
        raise UsageError(
            "to add a key takes a partner's name, to end one its id, to list them neither",
            "The options are listed by: optout keys --help",
        )
    if is_full and action != "add":
        raise UsageError(
            "--for, --domain and --verifier belong to a new key", "Leave them out, or add one."
        )


def _purpose(word: str | None, *, has_verifier: bool) -> Purpose:
    from optout.registry.errors import UsageError
    from optout.registry.partners import Purpose

    advice = f"Say it with --for: {', '.join(Purpose)}."
    if word is None:
        raise UsageError("a key opens one thing, and this does not say which", advice)
    try:
        purpose = Purpose(word)
    except ValueError as fault:
        raise UsageError(f"{word[:40]!r} is nothing that a key opens", advice) from fault
    if purpose is Purpose.REPORT and not has_verifier:
        raise UsageError(
            "a key for reports needs --verifier",
            "Ask the partner for its key, as it is told by: optout report --json",
        )
    return purpose


def _provable(domain: str | None) -> str:
    if not domain:
        return ""
    from optout.api.http import extra

    with extra():
        from optout.api.proofs import provable_domain
    return provable_domain(domain)


def _list(console: Console, found: list[Partner], *, json: bool) -> None:
    if not json:
        console.table(
            [
                ("id", "partner", "for", "domain", "key", "made", "last used", "ended"),
                *(
                    (
                        one.id,
                        one.name,
                        str(one.purpose),
                        one.domain or "-",
                        one.key,
                        one.made,
                        one.used or "-",
                        one.ended or "-",
                    )
                    for one in found
                ),
            ]
        )
    console.document({"keys": [_document(one) for one in found]})


def _document(partner: Partner) -> dict[str, str | None]:
    return {
        "id": partner.id,
        "name": partner.name,
        "for": str(partner.purpose),
        "key": partner.key,
        "domain": partner.domain or None,
        "verifier": partner.verifier or None,
        "made": partner.made,
        "used": partner.used or None,
        "ended": partner.ended or None,
    }
