"""Pictures a second on one core: the bulk kernel beside decoding alone and beside other hashes.

    python -m benchmarks.pictures

Photographs of scikit-image, cropped and scaled, in three formats and sizes. Everybody gets the same
files, one after the other, in a process of one thread; what is counted is processor time.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from optout.registry.identifiers import Grade, Kind
from PIL import Image

from .registries import write_snapshot

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
_FILES, _ROUNDS = 50, 3
_SECONDS = 0.5
REGISTERED = 1_000_000
"""Pictures that a shard is filtered against."""

_FEW = 1000
_SHARDS, _SHARD_ROWS, _FEW_ROWS = 2, 5000, 500
SHARD_SIZES = (256, 512)


def run() -> dict[str, Any]:
    """Measure, and hand back what was measured.

    Returns:
        In `rates`, by format, size and who: pictures a processor second. In `shards`, by size: of
        shards as img2dataset writes them, rows a processor second of `optout filter` as a mask with
        a million registered pictures, and of decoding alone what is in them.
    """
    rates: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="optout-pictures-") as place:
        contenders = _contenders(Path(place))
        for form, options in FORMATS.items():
            rates[form] = {}
            for side in SIZES:
                files = photographs(_FILES, side, form, options)
                rates[form][str(side)] = {who: _rate(f, files) for who, f in contenders.items()}
        snapshot = Path(place) / "million"
        _snapshot(snapshot, REGISTERED)
        shards = {
            str(side): _filtered(Path(place) / str(side), side, snapshot) for side in SHARD_SIZES
        }
        return {"rates": rates, "shards": shards}


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

    def decoded(mode: str | None) -> Callable[[bytes], object]:
        def decode(data: bytes) -> object:
            picture = Image.open(io.BytesIO(data))
            if mode:
                picture.draft(mode, (256, 256))
            return picture.load()

        return decode

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
        DRAFT: one_by_one(decoded("L")),
        DRAFT_COLOUR: one_by_one(decoded("RGB")),
        WHOLE: one_by_one(decoded(None)),
        BULK: bulk(BULK),
        BULK_FILES: bulk(BULK_FILES),
        REFERENCE: one_by_one(sighted_hashes),
        IMAGEHASH: one_by_one(lambda data: imagehash.phash(Image.open(io.BytesIO(data)), 16)),
    }
    return found | _peers(one_by_one)


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


def _rate(work: Callable[[Sequence[bytes]], object], files: Sequence[bytes]) -> float:
    """Pictures a second of processor time: the best of some rounds."""
    work(files[:2])
    best = 0.0
    for _ in range(_ROUNDS):
        began, done = time.process_time(), 0
        while time.process_time() - began < _SECONDS / _ROUNDS or not done:
            work(files)
            done += len(files)
        best = max(best, done / (time.process_time() - began))
    return best


def _filtered(place: Path, side: int, snapshot: Path) -> dict[str, float]:
    """`optout filter` on some shards, in a process of its own, and decoding alone."""
    place.mkdir()
    files = photographs(100, side)
    for number in range(_SHARDS):
        _write_shard(place / f"{number}.parquet", files, number * _SHARD_ROWS, _SHARD_ROWS)
    _write_shard(place / "few.parquet", files, 0, _FEW_ROWS)
    _seconds(place, [place / "few.parquet"], snapshot)  # compiles
    whole = [place / f"{number}.parquet" for number in range(_SHARDS)]
    spent, start = (
        min(_seconds(place, shards, snapshot) for _ in range(_ROUNDS))
        for shards in (whole, [place / "few.parquet"])
    )
    rows = _SHARDS * _SHARD_ROWS
    return {
        "rows": rows,
        "filter_rows_a_cpu_second": rows / spent,
        "filter_rows_a_cpu_second_without_start": (rows - _FEW_ROWS) / max(spent - start, 1e-9),
        "draft_rows_a_cpu_second": _rate(lambda some: [_drafted(data) for data in some], files),
    }


def _write_shard(path: Path, files: Sequence[bytes], first: int, rows: int) -> None:
    numbers = range(first, first + rows)
    # No two are the same bytes: what follows the end of a picture is no part of it.
    table = pa.table(
        {
            "url": [f"https://far.example/{number}.jpg" for number in numbers],
            "jpg": [files[n % len(files)] + n.to_bytes(4, "big") for n in numbers],
        }
    )
    pq.write_table(table, path, row_group_size=1000, compression="none")


def _seconds(place: Path, shards: Sequence[Path], snapshot: Path) -> float:
    """Processor seconds."""
    program = "import sys; from optout.api.cli import main; sys.exit(main(sys.argv[1:]))"
    with tempfile.TemporaryDirectory(dir=place) as out:
        words = ["filter", *shards, "--snapshot", snapshot, "--mode", "mask", "--out", f"{out}/out"]
        return _spent([sys.executable, "-c", program, *map(str, words), "--workers", "1"])


def _drafted(data: bytes) -> None:
    picture = Image.open(io.BytesIO(data))
    picture.draft("L", (256, 256))
    picture.load()


def _spent(command: list[str]) -> float:
    """Processor seconds of a command."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
    argparse.ArgumentParser(description=__doc__).parse_args()
    results = run()
    print(table(results))
    print(json.dumps(results["shards"], indent=2))


if __name__ == "__main__":
    main()
