"""Equal values are looked at once, and every row gets what its value got."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from optout.filter.columns import Leaf
from optout.filter.scan import Scanned, State, Trace, scan_batch


class Marker:
    """Takes values that begin with `x` for covered, and remembers what it was shown."""

    def __init__(self, *, distinct: bool) -> None:
        self.distinct = distinct
        self.shown: list[bytes] = []

    def __call__(self, values: pa.LargeBinaryArray) -> Scanned:
        shown = values.to_pylist()
        self.shown += shown
        states = np.array([State.JUDGED if v else State.EMPTY for v in shown], np.uint8)
        hits = {n: Trace({"url": v.decode()}) for n, v in enumerate(shown) if v.startswith(b"x")}
        return Scanned(states, hits)


VALUES = ["x1", None, "a", "", "x1", "x2", "a", None]
URL = Leaf("url", "url")


def scanned(kernel: Marker, batch: pa.RecordBatch, leaf: Leaf = URL) -> list:
    return list(scan_batch(batch, [leaf], {"url": kernel, "image": kernel}))


def test_rows_get_the_states_and_traces_of_their_values() -> None:
    for distinct in (True, False):
        kernel = Marker(distinct=distinct)
        (scan,) = scanned(kernel, pa.record_batch({"url": VALUES}))
        assert scan.leaf == URL
        assert [State(state).word for state in scan.states] == [
            *("judged", "null", "judged", "empty"),
            *("judged", "judged", "judged", "null"),
        ]
        assert scan.traced.rows.tolist() == [0, 4, 5]
        assert [scan.traces[n].words["url"] for n in scan.traced.which] == ["x1", "x1", "x2"]
        # What stands in the place of a null is nothing, and costs nothing.
        assert len(kernel.shown) == (4 if distinct else 8)


def test_nothing_but_nulls_and_nothing_at_all_are_fine() -> None:
    for distinct in (True, False):
        for values in ([None, None], []):
            kernel = Marker(distinct=distinct)
            (scan,) = scanned(kernel, pa.record_batch({"url": pa.array(values, pa.string())}))
            assert scan.states.tolist() == [State.NULL] * len(values)
            assert scan.traced.rows.tolist() == []
            assert not any(kernel.shown)


def test_leaves_that_a_batch_has_not_are_passed_over() -> None:
    assert scanned(Marker(distinct=True), pa.record_batch({"text": VALUES})) == []


def test_every_column_of_a_name_is_scanned() -> None:
    schema = pa.schema([("url", pa.string()), ("url", pa.binary())])
    batch = pa.record_batch([pa.array(["x1"]), pa.array([b"x2"])], schema=schema)
    first, second = scanned(Marker(distinct=True), batch)
    assert (first.traces[0].words["url"], second.traces[0].words["url"]) == ("x1", "x2")


def test_a_row_of_many_values_has_the_states_of_all() -> None:
    batch = pa.record_batch({"urls": [["x1", "a", "x2"], [], None, ["x1", None]]})
    (scan,) = scanned(Marker(distinct=True), batch, Leaf("urls[]", "url"))
    assert len(scan.states) == 5
    assert scan.traced.rows.tolist() == [0, 0, 3]
    assert [scan.traces[n].words["url"] for n in scan.traced.which] == ["x1", "x2", "x1"]
    assert scan.unjudgeable.tolist() == []


def test_a_text_that_is_no_json_is_one_value_that_cannot_be_judged() -> None:
    batch = pa.record_batch({"meta": ['{"src": "x1"}', "{", None]})
    (scan,) = scanned(Marker(distinct=True), batch, Leaf("meta{}.src", "url"))
    assert [State(state).word for state in scan.states] == ["judged", "null", "unjudgeable"]
    assert (scan.traced.rows.tolist(), scan.unjudgeable.tolist()) == ([0], [1])
