"""Pictures that the browser hashed: only their fingerprints arrive, and are held for a stranger's.

A hidden field holds JSON: `name`, `sha256`, `md5`, and where the browser could decode the picture,
`phash256` and `phash64` by shape.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from optout.api.limits import Limits
from optout.registry.errors import IdentifierError, PictureError
from optout.registry.identifiers import Identifier

from .items import Item, Refusal, file_name
from .pictures import item_of

_MOST_CHARACTERS = 4096
"""Of one field: what a browser writes has less than 1200, and a name."""


def read_hashed_pictures(fields: Sequence[str], limits: Limits) -> list[Item | Refusal]:
    """What is understood of pictures that were hashed where they are.

    The first hash takes seconds: nothing for the loop that everybody's requests go through.

    Args:
        fields: the hidden fields.
        limits: how many pictures one case takes; what comes after them is refused.
    """
    return [
        read_hashed_picture(text, number)
        if number <= limits.items
        else Refusal(f"#{number}", "too-many", "more pictures were sent than one case takes")
        for number, text in enumerate(fields, start=1)
    ]


def read_hashed_picture(text: str, number: int) -> Item | Refusal:
    """What is understood of one picture.

    Args:
        text: the hidden field.
        number: its place, from 1: what it is called when it has no name.

    Returns:
        an item of kind `image`; for a picture that is too plain, or that the browser could not
        decode, a refusal that offers its exact bytes.
    """
    told = _object(text)
    name = _text(told, "name")
    shown = file_name(name) or f"#{number}"
    try:
        exact = item_of(
            Identifier.file_sha256(_text(told, "sha256")),
            Identifier.file_md5(_text(told, "md5")),
            name=shown,
        )
        if not told.get("phash256"):
            return Refusal(
                *(shown, "unread", "the browser could not decode the picture"),
                *("Its exact bytes can be registered as a file.", exact),
            )
        identifier = Identifier.image_client(_shapes(told, "phash256"), _shapes(told, "phash64"))
        return item_of(identifier, name=shown)
    except PictureError as error:
        return Refusal(shown, "flat", error.message, error.advice, exact)
    except IdentifierError as error:
        return Refusal(shown, "not-an-image", error.message, "Choose the picture again.")


def _object(text: str) -> dict[str, Any]:
    if len(text) > _MOST_CHARACTERS:
        return {}
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _shapes(told: dict[str, Any], name: str) -> dict[str, str]:
    shapes = told.get(name) or {}
    if not isinstance(shapes, dict):
        return {"": ""}
    return {shape: digits if isinstance(digits, str) else "" for shape, digits in shapes.items()}
