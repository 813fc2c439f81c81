"""Functions are compiled once on a machine, wherever there is room to keep them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from optout.registry import compiled

KERNELS = """
from copied import compiled


@compiled("int64(int64)")
def answer(number):
    return number + {number}
"""
OTHER = KERNELS.replace("answer", "other")

PROGRAM = '''
import os, sys
denied = [path for path in os.environ["DENIED"].split(os.pathsep) if path]
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def deny(event, given):
    """What a file system that is mounted for reading says, to root too."""
    writes = event in ("os.mkdir", "os.rename") or event == "open" and (given[2] or 0) & WRITING
    if writes and any(str(given[0]).startswith(path) for path in denied):
        raise PermissionError(13, "Permission denied", given[0])

sys.addaudithook(deny)
import copied
copied.on_compile(lambda: print("compiling", flush=True))
'''
RUN = (
    PROGRAM
    + """
print(copied.kernels("tiny_kernels").answer(1))
"""
)
RUN_BOTH = (
    RUN
    + """
print(copied.kernels("other_kernels").other(1))
"""
)
WARM = (
    PROGRAM
    + """
print(copied.warm("tiny_kernels", "other_kernels") is not None)
"""
)
PREPARE = (
    PROGRAM
    + """
copied.prepare("tiny_kernels", "other_kernels")
for name in ("tiny", "other"):
    module = copied.kernels(f"{name}_kernels")
    function = module.answer if name == "tiny" else module.other
    print(function(1), sum(function.stats.cache_misses.values()))
"""
)
ONE_PROCESSOR = "import os\nos.sched_getaffinity = lambda _: {0}\n"
WAITS = """
import os, time
from pathlib import Path

home = Path(os.environ["HOME"])
(home / __name__).write_text(str(os.getpid()))
until = time.monotonic() + 60
while time.monotonic() < until and not list(home.rglob("{}")):
    time.sleep(0.05)
"""
two_processors = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there is no second processor",
)


@dataclass
class Machine:
    """An installed package, a home, and a folder for what is temporary."""

    place: Path

    @property
    def package(self) -> Path:
        return self.place / "installed" / "copied"

    @property
    def home(self) -> Path:
        return self.place / "home"

    @property
    def temporary(self) -> Path:
        return self.place / "tmp"

    def write(self, number: int) -> None:
        for name, text in (("tiny", KERNELS), ("other", OTHER)):
            path = self.package.parent / f"{name}_kernels.py"
            path.write_text(text.format(number=number))

    def have_wait(self, name: str, pattern: str) -> None:
        """Let a module, when it is imported, wait for a file below the home."""
        path = self.package.parent / f"{name}_kernels.py"
        path.write_text(WAITS.format(pattern) + path.read_text())

    def start(self, program: str, *denied: Path) -> subprocess.Popen[str]:
        environment = os.environ | {
            "PYTHONPATH": str(self.package.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "DENIED": os.pathsep.join(map(str, denied)),
        }
        for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):
            environment.pop(name, None)
        return subprocess.Popen(
            [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
        )

    def run(self, program: str, *denied: Path) -> list[str]:
        """What a program prints that may not write in some folders."""
        return printed(self.start(program, *denied))


def printed(process: subprocess.Popen[str]) -> list[str]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return out.split()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    for folder in (machine.home, machine.temporary):
        folder.mkdir()
    shutil.copytree(
        Path(compiled.__file__).parent,
        machine.package,
        ignore=shutil.ignore_patterns("__pycache__", "__kernels__"),
    )
    machine.write(41)
    return machine


def test_what_one_run_compiled_the_next_one_finds_in_the_users_cache(machine: Machine) -> None:
    assert machine.run(RUN) == ["compiling", "42"]
    assert machine.run(RUN) == ["42"]
    assert (machine.home / ".cache" / "optout" / "kernels").is_dir()
    assert not (machine.package / "__kernels__").exists()


def test_it_is_told_once_however_many_modules_are_compiled(machine: Machine) -> None:
    assert machine.run(RUN_BOTH) == ["compiling", "42", "42"]
    assert machine.run(RUN_BOTH) == ["42", "42"]


def test_a_changed_source_is_compiled_again(machine: Machine) -> None:
    assert machine.run(RUN) == ["compiling", "42"]
    machine.write(98)
    assert machine.run(RUN) == ["compiling", "99"]


def test_a_change_of_a_part_that_others_are_compiled_from_counts_too(machine: Machine) -> None:
    assert machine.run(RUN) == ["compiling", "42"]
    with (machine.package / "xxh3.py").open("a") as stream:
        stream.write("# another\n")
    assert machine.run(RUN) == ["compiling", "42"]


def test_what_is_compiled_ahead_lies_beside_the_package_for_every_user(machine: Machine) -> None:
    assert machine.run(WARM) == ["compiling", "True"]
    assert machine.run(RUN_BOTH, machine.home) == ["42", "42"]
    assert not list(machine.home.iterdir())


def test_without_a_place_to_keep_it_every_run_compiles(machine: Machine) -> None:
    denied = machine.package, machine.home
    assert machine.run(RUN, *denied) == ["compiling", "42"]
    assert machine.run(RUN, *denied) == ["compiling", "42"]
    assert machine.run(WARM, *denied) == ["compiling", "False"]


def test_what_was_compiled_ahead_is_used_from_a_package_that_can_only_be_read(
    machine: Machine,
) -> None:
    machine.run(WARM)
    assert machine.run(RUN_BOTH, machine.package) == ["42", "42"]
    assert machine.run(RUN_BOTH, machine.package) == ["42", "42"]


def test_what_was_compiled_ahead_is_used_where_there_is_no_home_either(machine: Machine) -> None:
    machine.run(WARM)
    assert machine.run(RUN_BOTH, machine.package, machine.home) == ["42", "42"]
    assert not list(machine.temporary.iterdir())


def test_two_processes_that_start_together_compile_once(machine: Machine) -> None:
    both = [machine.start(RUN) for _ in range(2)]
    told = sorted(map(printed, both))
    assert told == [["42"], ["compiling", "42"]]


@two_processors
def test_several_modules_are_compiled_by_two_processes_each_of_them_once(machine: Machine) -> None:
    machine.have_wait("tiny", "other_kernels.compiled")
    assert machine.run(PREPARE) == ["compiling", "42", "1", "42", "0"]
    assert machine.run(PREPARE) == ["42", "0", "42", "0"]


def test_on_one_processor_one_process_compiles_them_all(machine: Machine) -> None:
    assert machine.run(ONE_PROCESSOR + PREPARE) == ["compiling", "42", "1", "42", "1"]


@pytest.mark.parametrize("program", ["/bin/false", "/no/interpreter", ""])
def test_they_are_compiled_where_no_second_process_can_be_had(
    machine: Machine, program: str
) -> None:
    lacking = f"import sys\nsys.executable = {program!r}\n"
    assert machine.run(lacking + PREPARE) == ["compiling", "42", "1", "42", "1"]


LOCKS_LACKING = """
import fcntl
def flock(*_):
    raise OSError(95, "Operation not supported")
fcntl.flock = flock
"""


def test_they_are_compiled_where_files_cannot_be_locked(machine: Machine) -> None:
    alone = ONE_PROCESSOR + LOCKS_LACKING + PREPARE
    assert machine.run(alone) == ["compiling", "42", "1", "42", "1"]


def test_beside_a_second_process_it_does_not_matter_who_is_first_where_nothing_can_be_locked(
    machine: Machine,
) -> None:
    told = machine.run(LOCKS_LACKING + PREPARE)
    assert told[-4::2] == ["42", "42"]


@two_processors
def test_the_second_process_ends_when_the_first_is_interrupted(machine: Machine) -> None:
    for name in ("tiny", "other"):
        machine.have_wait(name, "what never comes")
    first = machine.start(PREPARE)
    until = time.monotonic() + 60
    while not (machine.home / "other_kernels").is_file() and time.monotonic() < until:
        time.sleep(0.05)
    second = int((machine.home / "other_kernels").read_text())
    assert second != first.pid
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode != 0
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_module_is_loaded_without_linear_algebra_where_nobody_wants_it(
    machine: Machine,
) -> None:
    asked = '\nprint("scipy.linalg" in sys.modules)\n'
    assert machine.run(RUN + asked) == ["compiling", "42", "True"]
    alone = RUN.replace("import copied\n", "import copied\ncopied.own_process()\n")
    later = "\nimport scipy.linalg\nprint(scipy.linalg.norm([3, 4]))\n"
    assert machine.run(alone + asked + later) == ["42", "False", "5.0"]


def test_nothing_is_compiled_where_the_plain_forms_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert compiled.available()
    monkeypatch.setenv("OPTOUT_KERNELS", "plain")
    assert not compiled.available()


def test_a_module_that_does_not_exist_is_said_so() -> None:
    with pytest.raises(ModuleNotFoundError):
        compiled.kernels("optout.registry.index.no_kernels")
