"""The manifest: who signed it, and whether every file is still the one it binds."""

from __future__ import annotations

from collections.abc import Callable

from optout.registry.log import VerifierKey

from .hashing import Hashing
from .papers import MASK, Papers
from .report import Finding, counted


def check_manifest(
    papers: Papers,
    key: VerifierKey | None,
    hashing: Hashing,
    finding: Finding,
    tell: Callable[[str], None],
) -> None:
    """Hold the files of OUT and OUT.optout against the manifest.

    Args:
        papers: its manifest was read; gets the digest of every file.
        key: whose signature is expected; None where anybody's will do.
        hashing: hashes the files.
        finding: gets what is wrong, and words.
        tell: hears of every file that was hashed.
    """
    for strange in (*papers.out.strange, *papers.beside.strange):
        finding.fault(strange)
    for name in papers.take_digests(hashing, finding):
        tell(name)
    _check_folders(papers, finding)
    if papers.manifest is None:
        return
    _compare(papers, finding)
    if not finding.count:
        finding.say(f"{counted(len(papers.bound), 'file')}, each the one that it binds")
    whose = "as expected" if key is not None else "its own word: expect a key to be sure of it"
    finding.say(f"signed by {papers.manifest.key} ({whose})")


def _check_folders(papers: Papers, finding: Finding) -> None:
    masked = papers.manifest is not None and papers.manifest.mode == MASK
    for tree in (papers.out, papers.beside):
        name = tree.folder.name
        if masked and tree is papers.out:
            if tree.files:
                finding.fault(f"{name} is not empty, and the run wrote masks alone")
        elif tree.absent:
            finding.fault(f"{name} is missing")
        elif tree is papers.out and not tree.files:
            finding.fault(f"{name} holds no file")


def _compare(papers: Papers, finding: Finding) -> None:
    shards = {papers.out.called(name): name for name in papers.out.files}
    present = {papers.beside.called(name) for name in papers.beside.files} | shards.keys()
    own = papers.beside.called(papers.names.manifest)
    for called in sorted((papers.bound.keys() | present) - {own}):
        if called not in present:
            finding.fault(f"{called} is missing")
        elif called not in papers.bound:
            finding.fault(f"{called} is not in the manifest", shard=shards.get(called))
        elif called in papers.digests and papers.digests[called].sha256 != papers.bound[called]:
            finding.fault(
                f"{called} is not the file that the manifest names", shard=shards.get(called)
            )
