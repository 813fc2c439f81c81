"""What the registry's page calls kinds of things and grades of proof."""

from __future__ import annotations

from collections.abc import Mapping

from .languages import N_

KINDS: Mapping[str, str] = {
    "url": N_("Links"),
    "site": N_("Whole sites"),
    "prefix": N_("Parts of sites"),
    "account": N_("Accounts"),
    "work": N_("Books and articles"),
    "text": N_("Passages of text"),
    "file": N_("Exact files"),
    "image": N_("Pictures"),
}
GRADES: Mapping[str, str] = {
    "self": N_("said"),
    "account": N_("account proved"),
    "domain": N_("site proved"),
    "reviewed": N_("reviewed"),
}
