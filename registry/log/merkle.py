"""The Merkle tree over a log: RFC 6962, section 2.1, with the proofs of RFC 9162, section 2.1.

One hash stands for a log of any length. With a few more, a reader sees that a record is in it (an
inclusion proof) and that a longer log begins with a shorter one (a consistency proof).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optout.registry.errors import LogFault

HASH_SIZE = 32
"""Bytes of SHA-256."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a log without records."""

_ADVICE = "Fetch the proof again; if it still fails, the log has been changed."


def leaf_hash(data: bytes) -> bytes:
    """The hash of a record: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Tree:
    """The frontier of a tree: enough to append to it and to tell its root, never its records.

    Attributes:
        size: records so far.
        nodes: the roots of the full subtrees that the records make up, the largest first: one for
            every bit set in `size`, so at most 63. With `size` they are all there is to store.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if (
            self.size < 0
            or len(self.nodes) != self.size.bit_count()
            or any(len(node) != HASH_SIZE for node in self.nodes)
        ):
            raise LogFault(
                f"{len(self.nodes)} nodes are no frontier of a tree of {self.size} records",
                "Build the tree anew from the records.",
            )

    @classmethod
    def of(cls, leaf_hashes: Iterable[bytes]) -> Tree:
        """The tree over these hashes of records."""
        tree = cls()
        tree.extend(leaf_hashes)
        return tree

    def append(self, leaf: bytes) -> None:
        """Add the hash of one more record."""
        self.extend((leaf,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add the hashes of more records, in their order; each costs one node on average."""
        nodes, size = list(self.nodes), self.size
        for leaf in leaf_hashes:
            node, rest = leaf, size
            while rest & 1:  # as when one is added to a binary number: carries become nodes
                node = node_hash(nodes.pop(), node)
                rest >>= 1
            nodes.append(node)
            size += 1
        self.nodes, self.size = tuple(nodes), size

    def root(self) -> bytes:
        """The tree's root."""
        if not self.nodes:
            return EMPTY_ROOT
        *others, node = self.nodes
        for left in reversed(others):
            node = node_hash(left, node)
        return node


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root of the tree over these hashes of records."""
    return Tree.of(leaf_hashes).root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The nodes that lead from a record to the root, from below (RFC 9162, 2.1.3.1).

    Args:
        leaf_hashes: of every record of the log.
        index: which record.

    Raises:
        LogFault: there is no such record.
    """
    if not 0 <= index < len(leaf_hashes):
        raise LogFault(
            f"there is no record {index} in a log of {len(leaf_hashes)}", "Name one that exists."
        )
    proof = []
    low, high = 0, len(leaf_hashes)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(root(leaf_hashes[middle:high]))
            high = middle
        else:
            proof.append(root(leaf_hashes[low:middle]))
            low = middle
    return tuple(reversed(proof))


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """The nodes that show how a log has grown, from below (RFC 9162, 2.1.4.1).

    Args:
        leaf_hashes: of every record of the log as it is now.
        old_size: how many records it had. Nothing needs to be shown for none and for all.

    Raises:
        LogFault: the log has fewer records.
    """
    if not 0 <= old_size <= len(leaf_hashes):
        raise LogFault(
            f"a log of {len(leaf_hashes)} records never had {old_size}", "Name a size it has had."
        )
    if old_size in (0, len(leaf_hashes)):
        return ()
    proof = []
    low, high = 0, len(leaf_hashes)
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            proof.append(root(leaf_hashes[middle:high]))
            high = middle
        else:
            proof.append(root(leaf_hashes[low:middle]))
            low = middle
    if low:  # else the old tree is a subtree of its own, and its root is known
        proof.append(root(leaf_hashes[low:high]))
    return tuple(reversed(proof))


def verify_inclusion(
    proof: Sequence[bytes], *, index: int, leaf: bytes, size: int, root: bytes
) -> None:
    """Check that a record is in a log (RFC 9162, 2.1.3.2).

    Args:
        proof: what `inclusion_proof` makes.
        index: where the record stands.
        leaf: the record's hash.
        size: of the log, records.
        root: of the log.

    Raises:
        LogFault: the proof does not show it.
    """
    what = f"the proof that record {index} is in the log of {size}"
    if not 0 <= index < size:
        raise LogFault(f"{what} names a record that the log does not have", _ADVICE)
    _check_hashes(what, leaf, *proof)
    position, last = index, size - 1
    node = leaf
    for step in proof:
        if not last:
            raise LogFault(f"{what} is too long", _ADVICE)
        if position & 1 or position == last:
            node = node_hash(step, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, step)
        position, last = position >> 1, last >> 1
    if last:
        raise LogFault(f"{what} is too short", _ADVICE)
    if node != root:
        raise LogFault(f"{what} leads to another root", _ADVICE)


def verify_consistency(
    proof: Sequence[bytes], *, old_size: int, old_root: bytes, size: int, root: bytes
) -> None:
    """Check that a log begins with an older state of itself (RFC 9162, 2.1.4.2).

    Args:
        proof: what `consistency_proof` makes.
        old_size: of the log then, records.
        old_root: of the log then.
        size: of the log now, records.
        root: of the log now.

    Raises:
        LogFault: the proof does not show it.
    """
    what = f"the proof that the log of {size} records begins with the {old_size} it had"
    if not 0 <= old_size <= size:
        raise LogFault(f"{what} is about a log that shrank", _ADVICE)
    _check_hashes(what, old_root, *proof)
    if old_size in (0, size):
        expected = EMPTY_ROOT if old_size == 0 else root
        if proof:
            raise LogFault(f"{what} is too long", _ADVICE)
        if old_root != expected or (size == 0 and root != EMPTY_ROOT):
            raise LogFault(f"{what} leads to another root", _ADVICE)
        return
    # A full subtree of that size is a node of the new tree: its root is the old root.
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        raise LogFault(f"{what} is too short", _ADVICE)
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if not last:
            raise LogFault(f"{what} is too long", _ADVICE)
        if position & 1 or position == last:
            old = node_hash(step, old)
            new = node_hash(step, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, step)
        position, last = position >> 1, last >> 1
    if last:
        raise LogFault(f"{what} is too short", _ADVICE)
    if old != old_root or new != root:
        raise LogFault(f"{what} leads to another root", _ADVICE)


def _check_hashes(what: str, *hashes: bytes) -> None:
    """Where one were longer and its neighbour shorter, two trees would have one root."""
    if any(len(value) != HASH_SIZE for value in hashes):
        raise LogFault(f"{what} holds something that is no hash", _ADVICE)


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, at least 2: where a tree divides."""
    return 1 << ((size - 1).bit_length() - 1)
