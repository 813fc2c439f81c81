"""A place whose values can be matched has a role that is known."""

from __future__ import annotations

import pytest
from optout.filter.columns import ROLES, Leaf
from optout.registry.errors import UsageError

WHOLE = [*(role for role in ROLES if role != "account"), "account:github", "work:isbn", "work:doi"]


@pytest.mark.parametrize("role", WHOLE)
def test_a_known_role_is_taken(role: str) -> None:
    assert Leaf.of("jpg", role) == Leaf("jpg", role)
    assert Leaf.of("jpg", role).base in ROLES


@pytest.mark.parametrize(
    ("role", "advice"),
    [
        ("", "url, image, sha256"),
        ("URL", "url, image, sha256"),
        ("sha512", "url, image, sha256"),
        ("url:x", "url, image, sha256"),
        ("work:", "isbn, doi"),
        ("work:ean", "isbn, doi"),
        ("account:myspace", "github"),
    ],
)
def test_an_unknown_role_is_refused_with_those_there_are(role: str, advice: str) -> None:
    with pytest.raises(UsageError, match="is not a role") as caught:
        Leaf.of("jpg", role)
    assert advice in caught.value.advice


def test_accounts_need_a_platform() -> None:
    with pytest.raises(UsageError, match="does not say whose accounts") as caught:
        Leaf.of("owner", "account")
    assert "account:github" in caught.value.advice
