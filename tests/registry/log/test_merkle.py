"""The tree of RFC 6962: its hashes, its proofs, and that no other proof passes."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optout.registry.errors import LogFault
from optout.registry.log import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The known answers below are those of github.com/transparency-dev/merkle: LeafInputs, NodeHashes,
# RootHashes and CompactTrees of testonly/constants.go, proofs of proof/verify_test.go.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
NODES = [
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    ],
    [
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    ],
    [
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    ["5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
FRONTIERS = [  # level and place in NODES
    [],
    [(0, 0)],
    [(1, 0)],
    [(1, 0), (0, 2)],
    [(2, 0)],
    [(2, 0), (0, 4)],
    [(2, 0), (1, 2)],
    [(2, 0), (1, 2), (0, 6)],
    [(3, 0)],
]
INCLUSION = [  # index, size, proof
    (0, 1, []),
    (0, 8, [(0, 1), (1, 1), (2, 1)]),
    (5, 8, [(0, 4), (1, 3), (2, 0)]),
    (2, 3, [(1, 0)]),
    (1, 5, [(0, 0), (1, 1), (0, 4)]),
]
CONSISTENCY = [  # old size, size, proof
    (1, 1, []),
    (1, 8, [(0, 1), (1, 1), (2, 1)]),
    (6, 8, [(1, 2), (1, 3), (2, 0)]),
    (2, 5, [(1, 1), (0, 4)]),
    (6, 7, [(1, 2), (0, 6), (2, 0)]),
]

HASHES = [leaf_hash(leaf) for leaf in LEAVES]
MANY = [leaf_hash(number.to_bytes(2)) for number in range(301)]


def nodes(places: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(NODES[level][place]) for level, place in places)


def plain_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def plain_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*plain_path(index, leaves[:k]), plain_root(leaves[k:])]
    return [*plain_path(index - k, leaves[k:]), plain_root(leaves[:k])]


def plain_subproof(old: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2, word for word."""
    if old == len(leaves):
        return [] if known else [plain_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*plain_subproof(old, leaves[:k], known), plain_root(leaves[k:])]
    return [*plain_subproof(old - k, leaves[k:], False), plain_root(leaves[:k])]


def test_the_published_leaves_have_their_published_hashes() -> None:
    assert [value.hex() for value in HASHES] == NODES[0]


def test_the_published_nodes_are_made_of_those_below() -> None:
    for below, level in itertools.pairwise(NODES):
        made = [
            node_hash(bytes.fromhex(left), bytes.fromhex(right)).hex()
            for left, right in zip(below[::2], below[1::2], strict=True)
        ]
        assert made == level


@pytest.mark.parametrize("size", range(9))
def test_the_published_trees_have_their_published_roots_and_frontiers(size: int) -> None:
    tree = Tree.of(HASHES[:size])
    assert root(HASHES[:size]).hex() == tree.root().hex() == ROOTS[size]
    assert tree.nodes == nodes(FRONTIERS[size])


def test_the_empty_root_is_the_hash_of_nothing() -> None:
    assert EMPTY_ROOT.hex() == ROOTS[0]


@pytest.mark.parametrize(("index", "size", "places"), INCLUSION)
def test_the_published_inclusion_proofs_are_made_and_verified(
    index: int, size: int, places: list[tuple[int, int]]
) -> None:
    proof = nodes(places)
    assert inclusion_proof(HASHES[:size], index) == proof
    verify_inclusion(
        proof, index=index, leaf=HASHES[index], size=size, root=bytes.fromhex(ROOTS[size])
    )


@pytest.mark.parametrize(("old", "size", "places"), CONSISTENCY)
def test_the_published_consistency_proofs_are_made_and_verified(
    old: int, size: int, places: list[tuple[int, int]]
) -> None:
    proof = nodes(places)
    assert consistency_proof(HASHES[:size], old) == proof
    verify_consistency(
        proof,
        old_size=old,
        old_root=bytes.fromhex(ROOTS[old]),
        size=size,
        root=bytes.fromhex(ROOTS[size]),
    )


def test_a_frontier_that_grows_has_the_root_of_the_whole_tree() -> None:
    tree = Tree()
    for size in range(301):
        assert (tree.size, tree.root()) == (size, plain_root(MANY[:size]))
        tree.append(MANY[size])


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_stored_frontier_is_all_that_is_needed_to_go_on(first: int, second: int) -> None:
    low, high = sorted((first, second))
    stored = Tree.of(MANY[:low])
    tree = Tree(stored.size, stored.nodes)
    tree.extend(MANY[low:high])
    assert tree == Tree.of(MANY[:high])


@pytest.mark.parametrize(
    ("size", "stored"),
    [(0, (EMPTY_ROOT,)), (1, ()), (3, (EMPTY_ROOT,)), (1, (b"short",)), (-1, (EMPTY_ROOT,))],
)
def test_a_frontier_that_fits_no_tree_is_refused(size: int, stored: tuple[bytes, ...]) -> None:
    with pytest.raises(LogFault, match="no frontier"):
        Tree(size, stored)


def test_proofs_are_those_of_the_rfcs_own_words() -> None:
    for size in range(1, 40):
        leaves = MANY[:size]
        for index in range(size):
            assert list(inclusion_proof(leaves, index)) == plain_path(index, leaves)
        for old in range(1, size + 1):
            assert list(consistency_proof(leaves, old)) == plain_subproof(old, leaves, True)


def test_every_proof_verifies() -> None:
    for size in range(65):
        leaves, new = MANY[:size], plain_root(MANY[:size])
        for index in range(size):
            proof = inclusion_proof(leaves, index)
            verify_inclusion(proof, index=index, leaf=leaves[index], size=size, root=new)
        for old in range(size + 1):
            proof = consistency_proof(leaves, old)
            before = plain_root(leaves[:old])
            verify_consistency(proof, old_size=old, old_root=before, size=size, root=new)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"index": 7}, "names a record that the log does not have"),
        ({"index": -1}, "names a record that the log does not have"),
        ({"leaf": leaf_hash(b"another")}, "leads to another root"),
        ({"more": (EMPTY_ROOT,)}, "is too long"),
        ({"less": 1}, "is too short"),
    ],
)
def test_what_is_wrong_with_a_proof_of_inclusion_is_said(
    change: dict[str, object], fault: str
) -> None:
    asked = {"index": 2, "leaf": MANY[2], "size": 7, "root": root(MANY[:7])} | change
    proof = inclusion_proof(MANY[:7], 2)
    proof = (*proof[: len(proof) - asked.pop("less", 0)], *asked.pop("more", ()))
    with pytest.raises(LogFault, match=fault):
        verify_inclusion(proof, **asked)


@pytest.mark.parametrize(
    ("old", "change", "fault"),
    [
        (0, {"more": (EMPTY_ROOT,)}, "is too long"),
        (7, {"more": (EMPTY_ROOT,)}, "is too long"),
        (7, {"old_root": EMPTY_ROOT}, "leads to another root"),
        (3, {"more": (EMPTY_ROOT,)}, "is too long"),
        (3, {"less": 1}, "is too short"),
        (4, {"less": 1}, "is too short"),
        (3, {"root": EMPTY_ROOT}, "leads to another root"),
        (8, {}, "is about a log that shrank"),
    ],
)
def test_what_is_wrong_with_a_proof_of_consistency_is_said(
    old: int, change: dict[str, object], fault: str
) -> None:
    right = {"old_size": old, "old_root": root(MANY[:old]), "size": 7, "root": root(MANY[:7])}
    asked = right | change
    proof = consistency_proof(MANY[:7], old) if old <= 7 else ()
    proof = (*proof[: len(proof) - asked.pop("less", 0)], *asked.pop("more", ()))
    with pytest.raises(LogFault, match=fault):
        verify_consistency(proof, **asked)


@st.composite
def record_of_log(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(st.integers(1, 300))
    return draw(st.integers(0, size - 1)), size


@given(record_of_log())
def test_a_proof_of_inclusion_proves_nothing_else(record: tuple[int, int]) -> None:
    index, size = record
    proof = inclusion_proof(MANY[:size], index)
    right = {"index": index, "leaf": MANY[index], "size": size, "root": root(MANY[:size])}
    verify_inclusion(proof, **right)
    wrong = [
        {**right, "leaf": leaf_hash(b"another")},
        {**right, "root": leaf_hash(b"another")},
        {**right, "index": index + 1},
        {**right, "index": index - 1},
        {**right, "size": size * 2},
    ]
    for change in wrong:
        with pytest.raises(LogFault, match=f"record {change['index']} is in the log"):
            verify_inclusion(proof, **change)
    for other in altered(proof):
        with pytest.raises(LogFault):
            verify_inclusion(other, **right)


@given(record_of_log())
def test_a_proof_of_consistency_proves_nothing_else(record: tuple[int, int]) -> None:
    index, size = record
    old = index + 1
    proof = consistency_proof(MANY[:size], old)
    right = {
        "old_size": old,
        "old_root": root(MANY[:old]),
        "size": size,
        "root": root(MANY[:size]),
    }
    verify_consistency(proof, **right)
    wrong = [
        {**right, "old_root": leaf_hash(b"another")},
        {**right, "root": leaf_hash(b"another")},
        {**right, "old_size": old - 1},
        {**right, "old_size": size + 1},
    ]
    for change in wrong:
        with pytest.raises(LogFault, match=f"begins with the {change['old_size']} it had"):
            verify_consistency(proof, **change)
    for other in altered(proof):
        with pytest.raises(LogFault):
            verify_consistency(other, **right)


def test_a_proof_has_as_many_nodes_as_its_sizes_ask_for() -> None:
    before, now = root(MANY[:3]), root(MANY[:7])
    proof = inclusion_proof(MANY[:7], 2)
    for other, words in (((*proof, now), "too long"), (proof[:-1], "too short"), ((), "too short")):
        with pytest.raises(LogFault, match=words):
            verify_inclusion(other, index=2, leaf=MANY[2], size=7, root=now)
    proof = consistency_proof(MANY[:7], 3)
    for other, words in (((*proof, now), "too long"), (proof[:-1], "too short"), ((), "too short")):
        with pytest.raises(LogFault, match=words):
            verify_consistency(other, old_size=3, old_root=before, size=7, root=now)


def altered(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """The proof with something wrong in it: every node, a node more, a node less."""
    found = [(*proof, EMPTY_ROOT), (EMPTY_ROOT, *proof), (*proof, b"")]
    for place, node in enumerate(proof):
        for byte in (0, 13, 31):
            flipped = bytearray(node)
            flipped[byte] ^= 8
            found.append((*proof[:place], bytes(flipped), *proof[place + 1 :]))
        found.append((*proof[:place], node[:-1], *proof[place + 1 :]))
        found.append((*proof[:place], *proof[place + 1 :]))
    return found


def test_a_leaf_that_is_no_hash_is_refused() -> None:
    # Shifting a byte between two nodes leaves what is hashed for their parent as it was.
    left, right = HASHES[:2]
    with pytest.raises(LogFault, match="no hash"):
        verify_inclusion(
            (left[:31],), index=1, leaf=left[31:] + right, size=2, root=root(HASHES[:2])
        )


def test_a_root_that_is_no_hash_is_refused() -> None:
    left, right = HASHES[:2]
    with pytest.raises(LogFault, match="no hash"):
        verify_consistency(
            (left[31:] + right,),
            old_size=1,
            old_root=left[:31],
            size=2,
            root=root(HASHES[:2]),
        )


def test_a_log_that_was_empty_or_has_not_grown_needs_no_proof() -> None:
    for size in (0, 1, 7):
        now = root(MANY[:size])
        for old in (0, size):
            then = root(MANY[:old])
            assert consistency_proof(MANY[:size], old) == ()
            verify_consistency((), old_size=old, old_root=then, size=size, root=now)
            with pytest.raises(LogFault, match="another root"):
                verify_consistency((), old_size=old, old_root=b"x" * 32, size=size, root=now)


def test_a_log_never_shrinks() -> None:
    with pytest.raises(LogFault, match="shrank"):
        verify_consistency((), old_size=2, old_root=root(MANY[:2]), size=1, root=root(MANY[:1]))
    with pytest.raises(LogFault, match="never had 3"):
        consistency_proof(MANY[:2], 3)


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_in_a_log_has_no_proof(index: int) -> None:
    with pytest.raises(LogFault, match=f"no record {index} in a log of 3"):
        inclusion_proof(MANY[:3], index)
