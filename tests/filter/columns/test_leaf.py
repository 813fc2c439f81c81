"""A place whose values can be matched has a role that is known."""

from __future__ import annotations

import pytest
from optout.filter.columns import ROLES, Leaf
from optout.registry.errors import UsageError


@pytest.mark.parametrize("role", ROLES)
def test_a_known_role_is_taken(role: str) -> None:
    assert Leaf.of("jpg", role) == Leaf("jpg", role)


@pytest.mark.parametrize("role", ["", "URL", "text", "md5"])
def test_an_unknown_role_is_refused_with_those_there_are(role: str) -> None:
    with pytest.raises(UsageError, match="is not a role") as caught:
        Leaf.of("jpg", role)
    assert "url, image, sha256" in caught.value.advice
