"""The photographs come from scikit-image's wheel, and from nowhere else."""

from __future__ import annotations

import importlib.util

import pytest
from optout.api.demo import photographs
from optout.api.demo.photographs import LOOK_ALIKE, OTHERS, REGISTERED, Photograph
from optout.registry.errors import OptOutError


@pytest.mark.parametrize("photograph", [REGISTERED, LOOK_ALIKE, *OTHERS], ids=lambda p: p.slug)
def test_every_photograph_is_in_the_wheel(photograph: Photograph) -> None:
    picture = photographs.load(photograph)
    assert picture.mode == "RGB"
    assert min(picture.size) >= 300
    assert photograph.captions


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(OptOutError) as caught:
        photographs.load(REGISTERED)
    assert caught.value.advice == "Install them with: pip install 'optout[demo]'"


def test_a_photograph_that_is_no_longer_shipped_is_named() -> None:
    with pytest.raises(OptOutError, match=r"does not hold the photograph gone\.png"):
        photographs.load(Photograph("gone.png", "gone", ("x",)))
