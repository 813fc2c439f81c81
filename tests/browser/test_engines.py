"""In Firefox and in Safari's engine, too: pictures stay on the device, and are hashed alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .canonical import VECTORS, questions
from .engines import Engine, firefox, webkit
from .pictures import HASH, SORTS, file_of, serving_files
from .steps import HANDLE, LINKS, SECRET, photographs
from .test_look_up import (
    BATCH,
    QUESTIONS,
    SEED,
    SOME_POINTS,
    UNDERSTAND,
    differences,
    with_character,
)
from .test_pictures import bits_apart
from .test_two_clicks import traces
from .wire import wire_to

if TYPE_CHECKING:
    from .conftest import Service

ENGINES = {"firefox": firefox, "webkit": webkit}
EACH = 5
SEE_THROUGH = {"WebP with alpha", "PNG interlaced"}


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with ENGINES[request.param](tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.mark.long
@pytest.mark.parametrize("sort", SORTS)
def test_photographs_have_the_registrys_hashes(engine: Engine, sort: str) -> None:
    files = {f"picture-{seed}": file_of(sort, seed) for seed in range(EACH)}
    with serving_files(files) as address:
        engine.go(address)
        given = json.dumps({"names": list(files), "mostPixels": 128_000_000})
        told = [each["hashed"] for each in engine.evaluate(f"({HASH})({given})")]
    for hashed, data in zip(told, files.values(), strict=True):
        assert hashed["sha256"] == hashlib.sha256(data).hexdigest()
        assert hashed["md5"] == hashlib.md5(data).hexdigest()
        # Both multiply colours by what is transparent, and round them.
        assert max(bits_apart(hashed, data)) <= (8 if sort in SEE_THROUGH else 0)


@pytest.mark.long
def test_questions_are_understood_as_the_registry_does(engine: Engine) -> None:
    vectors = [row["text"] for row in [*VECTORS["url"], *VECTORS["site"]]]
    texts = [text for text in vectors if text.isprintable() or text.isascii()]
    texts += questions(SEED, QUESTIONS)
    texts += [text for point in SOME_POINTS for text in with_character(chr(point))]
    with serving_files({}) as address:
        engine.go(address)
        told = []
        for start in range(0, len(texts), BATCH):
            told += engine.evaluate(f"({UNDERSTAND})({json.dumps(texts[start : start + BATCH])})")
    sure, different = differences(texts, told)
    assert not different, different[:20]
    assert sure > 2 * QUESTIONS


def test_two_clicks_and_no_byte_of_a_picture_leaves_the_device(
    engine: Engine, service: Service, tmp_path: Path
) -> None:
    pictures = photographs(tmp_path)
    with wire_to(service.address) as wire:
        engine.go(f"{wire.address}/?lang=fr")
        lines = json.dumps("\n".join([*LINKS, HANDLE]))
        engine.evaluate(f"(document.querySelector('#lines').value = {lines})")
        engine.choose("#pictures", pictures)
        engine.click("button[value=check]")
        engine.wait("document.querySelector('main button[value=change]')")
        shown = engine.evaluate("document.querySelector('main').innerText")
        for each in (*LINKS, HANDLE, "IMG_0042.jpg", "été à la mer.jpg"):
            assert each in shown
        engine.click("button[value=send]")
        engine.wait("document.querySelector('.receipt')")
        assert SECRET.search(engine.evaluate("document.querySelector('.receipt').innerText"))
        over_the_wire = wire.sent
    assert b"/2024/harbour.jpg" in over_the_wire
    assert b"phash256" in over_the_wire
    for trace in (each for path in pictures for each in traces(path)):
        assert trace not in over_the_wire


def test_a_browser_that_changes_what_a_canvas_gives_back_sends_the_picture(
    service: Service, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    picture, _ = photographs(tmp_path)
    with (
        wire_to(service.address) as wire,
        firefox(profile, privacy_resistFingerprinting=True) as engine,
    ):
        engine.go(f"{wire.address}/?lang=en")
        engine.choose("#pictures", [picture])
        engine.click("button[value=check]")
        engine.wait("document.querySelector('main button[value=change]')")
        assert picture.name in engine.evaluate("document.querySelector('main').innerText")
        over_the_wire = wire.sent
    assert all(trace in over_the_wire for trace in traces(picture))
