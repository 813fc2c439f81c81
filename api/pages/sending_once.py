"""What tells a form that is sent twice from two forms: a field that nobody sees.

Whoever loads the answer to a form anew, or comes back to a page that the phone had put away, sends
the form once more. It must not do its work a second time.
"""

from __future__ import annotations

import re
import secrets

from optout.api.service import Form

_FIELD = "once"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{22,200}")
_BYTES = 24


def new_once() -> str:
    """A value for a form that is filled in for the first time."""
    return secrets.token_urlsafe(_BYTES)


def once_of(form: Form) -> str:
    """What a form was sent with; a new value where that could be anybody's."""
    sent = form.text(_FIELD)
    return sent if _SHAPE.fullmatch(sent) else new_once()
