"""Pictures a second on one core: the bulk kernel beside decoding alone and beside other hashes.

    python -m benchmarks.pictures [--write]

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
from PIL import Image

PEERS = Path(__file__).parents[1] / "build" / "peers"
RESULTS = Path(__file__).parents[1] / "build" / "pictures.json"
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
_FILES, _ROUNDS = 10, 3
_SECONDS = 0.5
_SHARD_ROWS = 2000


def run() -> dict[str, Any]:
    """Measure, and hand back what was measured.

    Returns:
        In `rates`, by format, size and who: pictures a processor second. In `shard`: of a shard as
        img2dataset writes it, 256 pixels, rows a processor second of `optout filter` as a mask, and
        of decoding its pictures alone.
    """
    rates: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="optout-pictures-") as place:
        contenders = _contenders(Path(place))
        for form, options in FORMATS.items():
            rates[form] = {}
            for side in SIZES:
                files = photographs(_FILES, side, form, options)
                rates[form][str(side)] = {who: _rate(f, files) for who, f in contenders.items()}
        return {"rates": rates, "shard": _shard(Path(place))}


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
    from optout.registry.identifiers import Kind
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
            _snapshot(place / who.replace(" ", "-"), files=files), kinds, 30, ["image"]
        )["image"]
        for who, files, kinds in (
            (BULK, False, frozenset({Kind.IMAGE})),
            (BULK_FILES, True, frozenset({Kind.IMAGE, Kind.FILE})),
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


def _snapshot(folder: Path, *, files: bool) -> Any:
    """A thousand pictures that are none of those measured; a file among them, or none."""
    from optout.registry import Registry
    from optout.registry.identifiers import Identifier
    from optout.registry.registry import Claim

    drawn = np.random.default_rng(3)
    claims = []
    for _ in range(1000):
        bits = np.zeros(256, np.uint8)
        bits[0] = 1
        bits[1 + drawn.permutation(255)[:127]] = 1
        claims.append(Claim(Identifier.image_phash256(np.packbits(bits).tobytes().hex())))
    if files:
        claims.append(Claim(Identifier.file_sha256("00" * 32)))
    folder.mkdir(parents=True)
    with Registry.create(folder / "optout.db") as registry:
        registry.add(claims)
        return registry.snapshot(folder / "snapshot")


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


def _shard(place: Path) -> dict[str, float]:
    """`optout filter` on a shard, in a process of its own, and decoding alone."""
    files = photographs(100, 256)
    rows = [
        files[number % len(files)] + bytes(number // len(files)) for number in range(_SHARD_ROWS)
    ]
    table = pa.table(
        {"url": [f"https://far.example/{n}.jpg" for n in range(_SHARD_ROWS)], "jpg": rows}
    )
    pq.write_table(table, place / "shard.parquet", row_group_size=500, compression="none")
    folder = place / BULK.replace(" ", "-")
    words = ["filter", place / "shard.parquet", "--snapshot", folder / "snapshot", "--mode", "mask"]
    program = "import sys; from optout.api.cli import main; sys.exit(main(sys.argv[1:]))"
    spent = []
    for number in range(_ROUNDS):
        command = [sys.executable, "-c", program, *map(str, words), "--workers", "1"]
        out = ["--out", str(place / f"out{number}")]
        spent.append(_spent([*command, *out]))
    idle = _spent([sys.executable, "-c", program, "inspect", str(place / "shard.parquet")])
    return {
        "rows": _SHARD_ROWS,
        "filter_rows_a_cpu_second": _SHARD_ROWS / min(spent),
        "filter_rows_a_cpu_second_without_start": _SHARD_ROWS / max(min(spent) - idle, 1e-9),
        "draft_rows_a_cpu_second": _rate(
            lambda some: [_drafted(data) for data in some], files[:_FILES]
        ),
    }


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
    """Measure, print, and keep what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"keep it in {RESULTS}")
    given = parser.parse_args()
    results = run()
    print(table(results))
    print(json.dumps(results["shard"], indent=2))
    if given.write:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
