"""One registry for every data set, and the commands that filter one of them."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
from optout.api.cli import main

from .sowing import Fate, Form, OptOuts, Sown, as_table, sow

PARQUET = {"compression": "zstd", "write_page_checksum": True}


@dataclass
class Told:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict:
        return json.loads(self.out)


def command(*arguments: object, expect: int = 0) -> Told:
    """Run a command as the shell would, in this process: starting one for each takes longer."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    told = Told(int(code), out.getvalue(), err.getvalue())
    assert code == expect, f"{arguments}\n{told.out}\n{told.err}"
    return told


def register(optouts: OptOuts, folder: Path, run: Callable = command) -> Path:
    """Put everything into a registry, as an operator does, and take its snapshot."""
    registry = ("--registry", folder / "optout.db")
    run("init", *registry)
    for kind, values in optouts.written.items():
        listed = folder / f"{kind}.txt"
        listed.write_text("".join(f"{value}\n" for value in values))
        run("import", listed, "--kind", kind, *registry)
    for kind, files in (("file", optouts.files.files), ("image", optouts.pictures.files)):
        paths = []
        for number, data in enumerate(files):
            paths.append(folder / f"{kind}-{number}")
            paths[-1].write_bytes(data)
        run("add", kind, *paths, *registry)
    run("snapshot", folder / "snapshot", *registry)
    return folder / "snapshot"


def shelve(form: Form, optouts: OptOuts, many: int, folder: Path) -> list[Sown]:
    """Write two shards of a data set: one that was sown, and one that nobody minds."""
    shards = [sow(form, optouts, many), quiet(form, optouts)]
    folder.mkdir()
    for number, shard in enumerate(shards):
        rows = max(1, shard.table.num_rows // 6)
        pq.write_table(
            shard.table, folder / f"{number:05d}.parquet", row_group_size=rows, **PARQUET
        )
    return shards


def quiet(form: Form, optouts: OptOuts) -> Sown:
    random = Random(form.name)
    rows = [form.filler(number, random, optouts) for number in range(40)]
    return Sown(form, as_table(form, rows, random), [None] * 40, ["filler"] * 40)


def assert_only_the_planted_went(shards: list[Sown], corpus: Path, out: Path) -> None:
    """Row by row, and for the reason for which it was planted."""
    evidence = out.with_name(f"{out.name}.optout")
    for number, shard in enumerate(shards):
        name = f"{number:05d}.parquet"
        # As Parquet gives it back: it has its own names for what lists hold.
        truth = pq.read_table(corpus / name).filter(pa.array(shard.stays))
        found = pq.read_table(out / name)
        matches = pq.read_table(evidence / f"{name}.matches.parquet").to_pylist()
        assert_reasons(shard, matches)
        assert found.equals(truth, check_metadata=True), name
        if not any(shard.fates):
            assert (out / name).read_bytes() == (corpus / name).read_bytes()
        quarantine = evidence / "quarantine" / name
        held = pq.read_table(quarantine).num_rows if quarantine.exists() else 0
        assert held == shard.unjudgeable()


def assert_reasons(shard: Sown, matches: list[dict]) -> None:
    """Every planted row by the kind and the leaf it was planted in; no other row at all."""
    met: dict[int, set[tuple[str | None, str]]] = {}
    for match in matches:
        kind = None if match["verdict"] == "quarantine" else match["kind"]
        met.setdefault(match["row"], set()).add((kind, match["leaf"]))
    wrong: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for row, (fate, told) in enumerate(zip(shard.fates, shard.told, strict=True)):
        fault = _fault(fate, met.get(row, set()))
        if fault:
            words = f"{fault}: {told if fate else told.partition(':')[0]}"
            wrong[words] += 1
            examples.setdefault(words, f"{fate.value if fate else told} {met.get(row)}")
    lines = [f"{count:5} {words}, such as {examples[words]}" for words, count in wrong.items()]
    assert not wrong, "\n".join([shard.form.name, *lines])


def _fault(fate: Fate | None, met: set[tuple[str | None, str]]) -> str:
    if fate is None:
        return "went, and nobody minds it" if met else ""
    if not met:
        return "stayed"
    return "" if (fate.kind, fate.leaf) in met else "went for another reason"
