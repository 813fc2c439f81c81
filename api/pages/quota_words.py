"""What is said to who has asked too often: until when, and that nothing is lost."""

from __future__ import annotations

from math import ceil

from .languages import N_, Language

_HEADING = N_("That was often in a short time")
_WHY = N_("Somebody on your network has asked us many times, and it may not have been you.")
_SOON = N_("Please try again in a minute.")
_MINUTES = N_("Please try again in %(count)s minutes.")
_HOURS = N_("Please try again in %(count)s hours.")
_CASE = N_("Your case is unchanged.")
_FORM = N_("Nothing has been registered.")

_MINUTE, _HOUR = 60, 3600


def too_often(language: Language, seconds: int, path: str) -> tuple[str, str]:
    """A heading, and what to do.

    Args:
        language: of the page.
        seconds: after which it may be asked again.
        path: of what was asked for.
    """
    said = [language.text(_WHY), _when(language, seconds)]
    if path == "/case" or path.startswith("/case/"):
        said.append(language.text(_CASE))
    elif path == "/":
        said.append(language.text(_FORM))
    return language.text(_HEADING), " ".join(said)


def _when(language: Language, seconds: int) -> str:
    if seconds <= _MINUTE:
        return language.text(_SOON)
    # Rounded up: whoever comes a little late need not come twice.
    sentence, size = (_MINUTES, _MINUTE) if seconds <= 2 * _HOUR else (_HOURS, _HOUR)
    return language.text(sentence) % {"count": language.number(ceil(seconds / size))}
