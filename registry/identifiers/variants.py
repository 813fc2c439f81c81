"""Close variants: other spellings under which a site may serve the same thing.

They are different values, so none is folded into another; a person is offered them.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from .kinds import Kind

_SIZE = re.compile(r"[-_]\d{2,5}x\d{2,5}(?=\.[a-z]{3,4}$)", re.IGNORECASE)
_BRACKETS = {"(": "%28", ")": "%29"}


def close_variants(kind: Kind, text: str) -> list[tuple[str, str]]:
    """Other spellings of a value that are worth offering beside it.

    Args:
        kind: of the value; only `url`, `site` and `prefix` have variants.
        text: the value in canonical form.

    Returns:
        pairs of a word and the other value: `www` (with or without it), `slash` (with or without
        one at the end), `query` (without the part behind `?`), `size` (without the size that
        galleries put into a picture's name), `escape` (brackets written the other way).
    """
    host, _, tail = text.partition("/")
    if kind == Kind.SITE:
        # The site without `www.` covers the one with it.
        return [("www", host[4:])] if host.startswith("www.") else []
    if kind not in {Kind.URL, Kind.PREFIX}:
        return []
    start = "" if kind == Kind.PREFIX else "https://"
    path, question, query = tail.partition("?")
    found: list[tuple[str, str]] = []
    other = host[4:] if host.startswith("www.") else f"www.{host}"
    # `www.` stands before a site's own name; deeper hosts seldom have one.
    if other.count(".") < 3:
        found.append(("www", f"{start}{other}/{tail}"))
    if kind == Kind.URL:
        if path and not question and "." not in path.rpartition("/")[2]:
            found.append(("slash", f"{start}{host}/{path[:-1] if path[-1] == '/' else path + '/'}"))
        if question:
            found.append(("query", f"{start}{host}/{path}"))
        if _SIZE.search(path):
            found.append(("size", f"{start}{host}/{_SIZE.sub('', path)}{question}{query}"))
    brackets = _brackets(path)
    if brackets != path:
        found.append(("escape", f"{start}{host}/{brackets}{question}{query}"))
    return found


def _brackets(path: str) -> str:
    if "(" in path or ")" in path:
        for plain, escaped in _BRACKETS.items():
            path = path.replace(plain, escaped)
        return path
    return re.sub("%2[89]", lambda escape: unquote(escape[0]), path)
