"""Parts of compiled functions are compiled for types, and not for the numbers they are given."""

from __future__ import annotations

from numba.core import event
from optout.registry.compiled import compiled, inlined, shared


@shared
def _raised(base, power):
    value = 1
    for _ in range(power):
        value *= base
    return value


@inlined
def _doubled(value):
    return 2 * value


def _sum_of_powers(count):
    total, power = 0, 0
    while power < count:
        total += _raised(2, power) + _raised(3, 2) + _doubled(5) + _doubled(total)
        power += 1
    return total


def _by_name(count):
    return _raised(power=count, base=2) + _raised(power=3, base=2)


def test_a_constant_is_no_type_of_its_own() -> None:
    told: list[str] = []

    class Compiles(event.Listener):
        def on_start(self, heard):
            told.append(heard.data["dispatcher"].py_func.__name__)

        def on_end(self, heard):
            pass

    with event.install_listener("numba:compile", Compiles()):
        sum_of_powers = compiled("int64(int64)")(_sum_of_powers)
    assert sum_of_powers(2) == 3 * (1 + 9 + 10) + 2 + 9 + 10
    assert sorted(told) == ["_doubled", "_raised", "_sum_of_powers"]


def test_a_part_is_called_by_name_too() -> None:
    assert compiled("int64(int64)")(_by_name)(5) == 40


def test_from_outside_a_part_is_what_is_written_there() -> None:
    assert _raised(2, 5) == 32
    assert _doubled(7) == 14
