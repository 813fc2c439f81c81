"""Pictures a second on one core: the bulk kernel beside decoding alone and beside other hashes.

    python -m benchmarks.pictures [--quick]

Photographs of scikit-image, cropped and scaled, in three formats and sizes. Everybody gets the same
files, one after the other, in one process on one core, and in turn (see `rounds`); what is counted
is processor time, and wall time beside it.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from optout.registry.identifiers import Grade, Kind
from PIL import Image

from .picture_shards import filtered
from .registries import write_snapshot
from .rounds import rounds

PEERS = Path(__file__).parents[1] / "build" / "peers"
SIZES = (256, 512, 1024)
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 90},
    "PNG": {"compress_level": 6},
    "WEBP": {"quality": 85},
}
DRAFT, DRAFT_COLOUR, WHOLE = "Pillow, draft L 256", "Pillow, draft RGB 256", "Pillow, whole"
BULK, BULK_FILES = "optout, bulk", "optout, bulk, with digests"
REFERENCE, IMAGEHASH = "optout, reference", "imagehash.phash(16)"
PDQHASH, IMAGEDEDUP = "pdqhash", "imagededup"

_SOURCES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
_FILES = {256: 100, 512: 60, 1024: 20}
"""Files of each size that everybody is given in a round. What a batch costs by itself counts little
then, and a round is over before the machine is another."""

_LEAST_ROUNDS, _MOST_ROUNDS, _SECONDS = 5, 21, 8.0
_QUICK_ROUNDS, _QUICK_SECONDS = 3, 1.0
REGISTERED = 1_000_000
"""Pictures that a shard is filtered against."""

_FEW = 1000
_SHARD_FILES = 100
SHARD_SIZES = (256, 512)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Measure, and hand back what was measured.

    Args:
        quick: fewer rounds and rows.

    Returns:
        In `rates`, by format, size and who: pictures a processor second, and in `wall_rates` a
        second. In `of_draft`, how fast each is beside decoding alone, and in `of_imagehash` beside
        imagehash: `cpu` and `wall`, the medians of what each round says, and `between`, the least
        and the most that a round said by processor time. In `shards`, by size, of shards as
        img2dataset writes them and a million registered pictures, what `picture_shards` says.
    """
    found: dict[str, Any] = {
        name: {} for name in ("rates", "wall_rates", "of_draft", "of_imagehash")
    }
    with tempfile.TemporaryDirectory(prefix="optout-pictures-") as place:
        contenders = _contenders(Path(place))
        for form, options in FORMATS.items():
            for side in SIZES:
                files = photographs(_FILES[side], side, form, options)
                for name, figures in _raced(contenders, files, quick=quick).items():
                    found[name].setdefault(form, {})[str(side)] = figures
        snapshot = Path(place) / "million"
        _snapshot(snapshot, REGISTERED)
        found["shards"] = {
            str(side): filtered(
                Path(place) / str(side),
                photographs(_SHARD_FILES, side),
                snapshot,
                _decoded("L"),
                quick=quick,
            )
            for side in SHARD_SIZES
        }
    return found


def _raced(
    contenders: dict[str, Callable[[Sequence[bytes]], object]],
    files: Sequence[bytes],
    *,
    quick: bool,
) -> dict[str, dict[str, Any]]:
    """What `run` says of one format and size."""
    some = rounds(
        {who: lambda work=work: work(files) for who, work in contenders.items()},
        least=_QUICK_ROUNDS if quick else _LEAST_ROUNDS,
        most=_MOST_ROUNDS,
        seconds=_QUICK_SECONDS if quick else _SECONDS,
    )

    def beside(other: str) -> dict[str, dict[str, Any]]:
        return {
            who: {
                "cpu": some.share(who, other),
                "wall": some.share(who, other, "wall"),
                "between": [some.shares(who, other)[place] for place in (0, -1)],
            }
            for who in contenders
        }

    return {
        "rates": {who: some.rate(who, len(files)) for who in contenders},
        "wall_rates": {who: some.rate(who, len(files), "wall") for who in contenders},
        "of_draft": beside(DRAFT),
        "of_imagehash": beside(IMAGEHASH),
    }


def photographs(
    count: int, side: int, form: str = "JPEG", options: dict[str, Any] | None = None
) -> list[bytes]:
    """Square pictures of photographs, each another crop, as files."""
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the photographs are scikit-image's: pip install scikit-image")
    folder = Path(found.submodule_search_locations[0]) / "data"
    drawn = np.random.default_rng(5)
    files = []
    for number in range(count):
        with Image.open(folder / _SOURCES[number % len(_SOURCES)]) as source:
            whole = source.convert("RGB")
        edge = int(min(whole.size) * drawn.uniform(0.5, 1))
        left, top = (int(drawn.integers(0, room - edge + 1)) for room in whole.size)
        shown = whole.resize(
            (side, side), Image.Resampling.LANCZOS, (left, top, left + edge, top + edge)
        )
        stream = io.BytesIO()
        shown.save(stream, form, **(options or FORMATS[form]))
        files.append(stream.getvalue())
    return files


def _contenders(place: Path) -> dict[str, Callable[[Sequence[bytes]], object]]:
    import imagehash
    from optout.filter.scan import kernels_for
    from optout.registry.images import sighted_hashes

    def one_by_one(work: Callable[[bytes], object]) -> Callable[[Sequence[bytes]], object]:
        return lambda files: [work(data) for data in files]

    kernels = {
        who: kernels_for(
            _snapshot(place / who.replace(" ", "-"), _FEW, files=files), kinds, 30, ["image"]
        )["image"]
        for who, files, kinds in (
            (BULK, 0, frozenset({Kind.IMAGE})),
            (BULK_FILES, _FEW, frozenset({Kind.IMAGE, Kind.FILE})),
        )
    }

    def bulk(who: str) -> Callable[[Sequence[bytes]], object]:
        return lambda files: kernels[who](pa.array(files, pa.large_binary()))

    found = {
        DRAFT: one_by_one(_decoded("L")),
        DRAFT_COLOUR: one_by_one(_decoded("RGB")),
        WHOLE: one_by_one(_decoded(None)),
        BULK: bulk(BULK),
        BULK_FILES: bulk(BULK_FILES),
        REFERENCE: one_by_one(sighted_hashes),
        IMAGEHASH: one_by_one(lambda data: imagehash.phash(Image.open(io.BytesIO(data)), 16)),
    }
    return found | _peers(one_by_one)


def _decoded(mode: str | None) -> Callable[[bytes], object]:
    """Decoding alone: all of it, or as a draft of a mode."""

    def decode(data: bytes) -> object:
        picture = Image.open(io.BytesIO(data))
        if mode:
            picture.draft(mode, (256, 256))
        return picture.load()

    return decode


def _peers(one_by_one: Callable[..., Any]) -> dict[str, Callable[[Sequence[bytes]], object]]:
    """Those that are installed: see benchmarks/requirements.txt."""
    sys.path.append(str(PEERS))
    found = {}
    try:
        import pdqhash
    except ImportError:
        pass
    else:
        found[PDQHASH] = one_by_one(lambda data: pdqhash.compute(_pixels(data)))
    try:
        from imagededup.methods import PHash
    except ImportError:
        pass
    else:
        hasher = PHash(verbose=False)
        found[IMAGEDEDUP] = one_by_one(lambda data: hasher.encode_image(image_array=_pixels(data)))
    return found


def _pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _snapshot(folder: Path, count: int, *, files: int = 0) -> Any:
    """Pictures that are none of those measured, and files that are none of theirs."""
    from optout.registry import Snapshot
    from optout.registry.snapshot.formats import ENTRY

    drawn = np.random.default_rng(3)
    bits = np.zeros((count, 256), np.uint8)
    bits[:, 0] = 1
    bits[:, 1:128] = 1
    bits[:, 1:] = drawn.permuted(bits[:, 1:], axis=1)
    entries = np.zeros(count + files, ENTRY)
    entries["digest"] = drawn.integers(0, 256, (len(entries), 32))
    entries["probe"] = drawn.integers(0, 1 << 63, len(entries))
    entries["entry"], entries["usage"] = np.arange(len(entries)), 1
    entries["kind"], entries["grade"] = Kind.FILE.code, Grade.DOMAIN.rank
    entries["kind"][:count] = Kind.IMAGE.code
    kinds = {"image": count} | ({"file": files} if files else {})
    write_snapshot(folder, [entries], kinds, np.packbits(bits, axis=1))
    return Snapshot.open(folder)


def table(results: dict[str, Any]) -> str:
    """The results as a table of Markdown."""
    rates = results["rates"]
    places = [(form, side) for form, sides in rates.items() for side in sides]
    head = ["pictures a second, one core", *(f"{form} {side}" for form, side in places)]
    lines = [head, ["---"] * len(head)]
    for who in next(iter(next(iter(rates.values())).values())):
        lines.append([who, *(f"{rates[form][side][who]:,.0f}" for form, side in places)])
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and rows")
    results = run(quick=parser.parse_args().quick)
    print(table(results))
    print(json.dumps({name: results[name] for name in ("of_draft", "shards")}, indent=2))


if __name__ == "__main__":
    main()
