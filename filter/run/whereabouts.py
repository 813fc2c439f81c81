"""`inputs.json`: where the inputs of masks lie, so that whoever applies them need not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from optout.filter.errors import EvidenceError
from optout.registry import documents

from .inputs import Shard, discover
from .place import Place

FORMAT = "optout/v1/inputs"


def note_inputs(place: Place, shards: Iterable[Shard]) -> None:
    """Write down where shards lie, unless that is known.

    Raises:
        StorageError: it cannot be written.
    """
    paths = {shard.name: str(shard.path.absolute()) for shard in shards}
    data = documents.render({"format": FORMAT, "inputs": paths})
    name = place.evidence.inputs
    if place.beside.exists(name):
        with place.beside.open(name) as stream:
            if stream.read() == data:
                return
    place.beside.put(name, lambda stream: stream.write(data))


def noted_inputs(place: Place) -> dict[str, Path]:
    """Where the inputs of masks lie; nothing where nothing is noted.

    Raises:
        EvidenceError: the note is damaged.
    """
    name = place.evidence.inputs
    if not place.beside.exists(name):
        return {}
    with place.beside.open(name) as stream:
        body = documents.parse(stream.read(), name, error=EvidenceError)
    paths = body.get("inputs")
    if body.get("format") != FORMAT or not isinstance(paths, Mapping):
        raise EvidenceError(f"{name} does not say where inputs lie", "Say it with --input.")
    return {str(shard): Path(str(path)) for shard, path in paths.items()}


def find_inputs(place: Place, said: Sequence[str | Path] | None) -> dict[str, Path]:
    """Where the inputs lie: as somebody says now, or as it was noted.

    Raises:
        UsageError: what was said is not there.
        EvidenceError: the note is damaged.
    """
    if said is None:
        return noted_inputs(place)
    return {shard.name: shard.path for shard in discover(said)}
