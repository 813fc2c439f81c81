"""Foreign words as they may be shown, and what pydantic refuses in our words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that show nothing, or change how their neighbours are shown."""

_SAYS = {
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "enum": "is none of {expected}",
    "float_parsing": "is no number",
    "float_type": "is no number",
    "greater_than": "is not above {gt}",
    "greater_than_equal": "is below {ge}",
    "int_from_float": "is no whole number",
    "int_parsing": "is no whole number",
    "int_parsing_size": "is no whole number that can be read",
    "int_type": "is no whole number",
    "less_than_equal": "is above {le}",
    "list_type": "is no list",
    "literal_error": "is none of {expected}",
    "path_type": "is not written in quotes",
    "string_pattern_mismatch": "is not written as it must be",
    "string_too_long": "is longer than {max_length} characters",
    "string_too_short": "is shorter than {min_length} characters",
    "string_type": "is not written in quotes",
    "too_long": "has more than {max_length} entries",
    "too_short": "is shorter than {min_length}",
    "tuple_type": "is no list",
}


def says(fault: Mapping[str, Any]) -> str:
    """What is wrong with a value, to be read after its name; the value is not quoted.

    Args:
        fault: one of what `ValidationError.errors()` lists. What a validator of ours says, which
            has advice, stands as it is.
    """
    context = fault.get("ctx", {})
    if "advice" in context:
        return str(fault["msg"])
    if context.get("min_length") == 1:
        return "is empty"
    return _SAYS.get(fault["type"], "cannot be used").format(**context)


def visible(text: str, most: int = 300) -> str:
    """A value as it may be shown: one line, nothing invisible, nothing that turns text around.

    Args:
        text: anything a sender may have put there.
        most: characters to keep.
    """
    clean = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(character) in _INVISIBLE else character
        for character in text[: most + 1]
    ).strip()
    # What ends in a space where it is cut is cut all the same.
    if len(clean) <= most and not text[most:].strip():
        return clean
    return clean[: most - 1] + "…"


def visible_prose(text: str, most: int) -> str:
    """What somebody wrote in several lines, as it may be shown: in one.

    Args:
        text: anything a sender may have put there.
        most: characters to keep.
    """
    return visible(" ".join(text.split()), most)
