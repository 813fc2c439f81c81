"""Write docs/errors.md, the list of every error message: `python docs/errors.py`.

The messages are read from the source, so the page says what the code says.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from optout.api import errors as api_errors
from optout.api.http.problems import STATUSES
from optout.filter import errors as filter_errors
from optout.registry import errors as registry_errors
from optout.registry.errors import OptOutError, UsageError

Node = TypeVar("Node", bound=ast.AST)

ROOT = Path(__file__).resolve().parents[1]
TARGET = Path(__file__).with_name("errors.md")
WINGS = ("registry", "filter", "api")

CLASSES = {
    name: value
    for module in (registry_errors, filter_errors, api_errors)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, OptOutError)
}

DETAILS = {"Fault": 2, "Refusal": 2, "PydanticCustomError": 1}
"""What names one place of a request, and which of its arguments says what is wrong there."""

WORDS = {"fault": "reason", "error": "reason", "strerror": "reason", "e": "reason"}
"""Placeholders whose names in the code would mislead a reader."""

AREAS = {
    "registry/identifiers": "What is registered",
    "registry/images": "Pictures",
    "registry/lists": "Lists of hashes",
    "registry/log": "Log, keys and notes",
    "registry/cases": "Cases",
    "registry/snapshot": "Snapshots",
    "registry/store": "The registry's database",
    "registry": "Registry and its documents",
    "filter/columns": "Columns and roles",
    "filter/judge": "Policy",
    "filter/scan": "Scanning",
    "filter/pictures": "Pictures of a corpus",
    "filter/parquet": "Parquet files",
    "filter/evidence": "Evidence beside the output",
    "filter/run": "Running a filter",
    "filter/verify": "Verifying",
    "filter": "The filter in Python",
    "api/cli": "Command line",
    "api/http": "HTTP",
    "api/service": "Forms and uploads",
    "api/settings": "Settings of the service",
    "api/mail": "Letters",
    "api/proofs": "Proofs",
    "api/demo": "The demo",
    "api": "Between a person and the registry",
}


@dataclass(frozen=True)
class Message:
    """One message of the code.

    Attributes:
        path: the module, from the top of the repository.
        lines: the first and the last line of the call that makes it.
        error: the class of the error; of what `verify` finds and of a request's places, what
            carries the message.
        text: the message, placeholders in words between ‹ and ›.
        advice: what it tells to do, in the same way.
    """

    path: str
    lines: tuple[int, int]
    error: str
    text: str
    advice: str

    @property
    def is_error(self) -> bool:
        """Whether an error of ours is raised with it."""
        return self.error in CLASSES


class Module:
    """The syntax tree of one module, with what its messages refer to."""

    def __init__(self, path: Path) -> None:
        self.path = path.relative_to(ROOT).as_posix()
        self.tree = ast.parse(path.read_text())
        self.constants: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.constants[node.targets[0].id] = node.value
            elif (
                isinstance(node, ast.AnnAssign)
                and isinstance(node.target, ast.Name)
                and node.value is not None
            ):
                self.constants[node.target.id] = node.value
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }
        self.functions = {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }

    def around(self, node: ast.AST, kind: type[Node]) -> Node | None:
        """The nearest node of some kind around another."""
        while (up := self.parents.get(node)) is not None:
            if isinstance(up, kind):
                return up
            node = up
        return None

    def function(self, node: ast.AST) -> ast.FunctionDef | None:
        """The function that a node stands in."""
        return self.around(node, ast.FunctionDef)

    def calls(self) -> Iterator[ast.Call]:
        """Every call, from top to bottom."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        yield from sorted(found, key=lambda call: (call.lineno, call.col_offset))


MODULES = [Module(path) for wing in WINGS for path in sorted((ROOT / wing).rglob("*.py"))]
SHARED = {name: value for module in MODULES for name, value in module.constants.items()}


def callee(call: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def parameters(function: ast.FunctionDef) -> list[str]:
    """The names of a function's parameters, in order."""
    named = function.args
    return [each.arg for each in (*named.posonlyargs, *named.args, *named.kwonlyargs)]


class Reader:
    """Turns the expressions of one place into words.

    Attributes:
        module: where they stand.
        node: the place.
        bound: what a caller gives for a parameter, as words.
    """

    def __init__(self, module: Module, node: ast.AST, bound: dict[str, str] | None = None) -> None:
        self.module = module
        self.function = module.function(node)
        self.bound = bound or {}

    def texts(self, node: ast.expr | None) -> list[str]:
        """Every text that an expression may become."""
        match node:
            case None:
                return [""]
            case ast.Constant(value=value):
                return [str(value)]
            case ast.JoinedStr(values=values):
                return self._product(values)
            case ast.IfExp(body=body, orelse=other):
                return [*self.texts(body), *self.texts(other)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._product([left, right])
            case ast.Name(id=name) if name in self.bound:
                return [self.bound[name]]
            case ast.Name(id=name):
                if made := self._made(name):
                    return [text for each in made for text in self.texts(each)]
            case ast.Call() if (told := self._told(node)) is not None:
                return told
        return [f"‹{self.word(node)}›"]

    def _product(self, parts: Sequence[ast.expr]) -> list[str]:
        whole = [""]
        for part in parts:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            follow = self._inserted(inner) if inner is not part else self.texts(inner)
            whole = [head + tail for head in whole for tail in follow]
        return whole

    def _inserted(self, node: ast.expr) -> list[str]:
        match node:
            case ast.Constant():
                return self.texts(node)
            case ast.IfExp(body=body, orelse=other):
                return [*self._inserted(body), *self._inserted(other)]
            case ast.Name(id=name) if name in self.bound:
                return [self.bound[name]]
            case ast.Name(id=name) if name.isupper() or name.lstrip("_").isupper():
                value = self.module.constants.get(name, SHARED.get(name))
                if isinstance(value, ast.Constant):
                    return [str(value.value)]
        return [f"‹{self.word(node)}›"]

    def _made(self, name: str) -> list[ast.expr]:
        """What a name stands for: a local variable's values, or a constant."""
        if self.function is not None:
            if name in parameters(self.function):
                return []
            local = [
                node.value
                for node in ast.walk(self.function)
                if isinstance(node, ast.Assign)
                and any(isinstance(to, ast.Name) and to.id == name for to in node.targets)
            ]
            if local:
                return [each for each in local if name not in names_in(each)]
        value = self.module.constants.get(name, SHARED.get(name))
        return [value] if value is not None and name.lstrip("_").isupper() else []

    def _told(self, call: ast.Call) -> list[str] | None:
        """What a function of the module that makes a text returns."""
        function = self.module.functions.get(callee(call))
        if function is None or not isinstance(call.func, ast.Name):
            return None
        found = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        if len(found) != 1 or not isinstance(found[0], ast.JoinedStr | ast.Constant):
            return None
        bound = {
            name: self._inserted(given)[0]
            for name, given in zip(parameters(function), call.args, strict=False)
        }
        return Reader(self.module, found[0], bound).texts(found[0])

    def word(self, node: ast.expr) -> str:
        """A placeholder's name in words."""
        match node:
            case ast.Constant(value=value):
                return str(value)
            case ast.Name(id=name):
                plain = name.lstrip("_").replace("_", " ").lower()
                return WORDS.get(plain, plain)
            case ast.Attribute(value=ast.Name(id="fault"), attr="message"):
                return "what is wrong"
            case ast.Attribute(attr=name):
                plain = name.lstrip("_").replace("_", " ").lower()
                return WORDS.get(plain, plain)
            case ast.Call(args=[first, *_]) if callee(node) in {"len", "sum"}:
                return f"number of {self.word(first)}"
            case ast.Call(args=[first, ast.Constant(value=str(what)), *_]) if (
                callee(node) == "counted"
            ):
                return f"{self.word(first)} {what}s"
            case ast.Call(func=ast.Attribute(value=held)) if not isinstance(held, ast.Constant):
                own = isinstance(held, ast.Name) and held.id in self.module.functions
                return self.word(node.args[0] if own else held)
            case ast.Call(args=[first, *_]):
                return self.word(first)
            case ast.Call(func=func):
                return self.word(func)
            case ast.IfExp(body=body, orelse=other):
                return f"{self.word(body)} or {self.word(other)}"
            case ast.BoolOp(values=values):
                return " or ".join(dict.fromkeys(map(self.word, values)))
            case ast.BinOp(left=left):
                return self.word(left)
            case ast.Subscript(value=held, slice=ast.Constant(value=str(name))):
                return name if isinstance(held, ast.Name) else f"{self.word(held)} {name}"
            case ast.Subscript(value=held) | ast.Starred(value=held):
                return self.word(held)
            case ast.GeneratorExp(generators=[made, *_]) | ast.ListComp(generators=[made, *_]):
                return self.word(made.iter)
            case ast.JoinedStr(values=values):
                return " ".join(
                    self.word(part.value).strip()
                    for part in values
                    if isinstance(part, ast.FormattedValue)
                )
        return ast.unparse(node)


def names_in(node: ast.AST) -> set[str]:
    """The variables that an expression uses."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def arguments(call: ast.Call, place: int) -> tuple[ast.expr | None, ast.expr | None]:
    """Message and advice among the arguments of a call."""
    given = {each.arg: each.value for each in call.keywords}
    message = call.args[place] if len(call.args) > place else given.get("message")
    advice = call.args[place + 1] if len(call.args) > place + 1 else given.get("advice")
    return message, advice


def made_by(module: Module, call: ast.Call) -> tuple[str, int] | None:
    """The class of the error that a call makes, and where its message stands; None if none."""
    name = callee(call)
    if name in CLASSES:
        return name, 1 if name == "ShardError" else 0
    if name in DETAILS and module.path.startswith("api/"):
        return name, DETAILS[name]
    if name == "fault" and module.path.startswith("filter/verify/"):
        return "finding", 0
    if name == "__init__" and isinstance(call.func, ast.Attribute):
        owner = module.around(call, ast.ClassDef)
        # A class that knows its own message.
        plain = call.args and not isinstance(call.args[0], ast.Name)
        if owner is not None and owner.name in CLASSES and plain:
            return owner.name, 0
    function = module.function(call)
    if function is not None and name in parameters(function):
        kind = next((a.annotation for a in function.args.kwonlyargs if a.arg == name), None)
        if isinstance(kind, ast.Subscript) and ast.unparse(kind.slice) in CLASSES:
            return ast.unparse(kind.slice), 0
    return None


def helper(module: Module, call: ast.Call) -> ast.FunctionDef | None:
    """The function that does nothing but make this error, with words that it is given."""
    function = module.function(call)
    if function is None:
        return None
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    makers = CLASSES.keys() | module.functions.keys()
    if call in returned and all(isinstance(n, ast.Call) and callee(n) in makers for n in returned):
        return function
    return None


def read(module: Module) -> Iterator[Message]:
    """Every message that a module makes."""
    for call in module.calls():
        kind = made_by(module, call)
        if kind is None:
            continue
        error, place = kind
        message, advice = arguments(call, place)
        own = error == "ItemsRefused" and callee(call) == error
        if message is None or own:
            continue  # the class has a message of its own
        function = helper(module, call)
        given = parameters(function) if function is not None else []
        used = names_in(message) | (names_in(advice) if advice is not None else set())
        if function is None or not used & set(given):
            yield from told(module, call, call, error, message, advice, {})
            continue
        for user in module.calls():
            if callee(user) != function.name or user is call:
                continue
            names = [name for name in given if name not in {"self", "cls"}]
            passed = dict(zip(names, user.args, strict=False))
            passed |= {each.arg: each.value for each in user.keywords if each.arg}
            outside = Reader(module, user)
            choices: list[dict[str, str]] = [{}]
            for name, value in passed.items():
                texts = outside.texts(value) if name in used else [""]
                choices = [chosen | {name: text} for chosen in choices for text in texts]
            for chosen in choices:
                yield from told(module, user, call, error, message, advice, chosen)


def told(
    module: Module,
    at: ast.Call,
    call: ast.Call,
    error: str,
    message: ast.expr,
    advice: ast.expr | None,
    bound: dict[str, str],
) -> Iterator[Message]:
    """The messages of one call."""
    reader = Reader(module, call, bound)
    advices = reader.texts(advice)
    lines = (at.lineno, at.end_lineno or at.lineno)
    for number, text in enumerate(reader.texts(message)):
        # Where both are chosen by one condition they go together.
        fitting = advices[number] if number < len(advices) else advices[-1]
        yield Message(module.path, lines, error, " ".join(text.split()), " ".join(fitting.split()))


@cache
def messages() -> list[Message]:
    """Every message of the code, in the order of the source."""
    return [message for module in MODULES for message in read(module)]


def cell(text: str) -> str:
    """A text that a Markdown table shows as it is."""
    for sign in "\\|*<":
        text = text.replace(sign, f"\\{sign}")
    return text


def table(rows: Sequence[Message]) -> list[str]:
    """One area of the page."""
    lines = ["| message | what to do | error |", "|---|---|---|"]
    lines += [f"| {cell(row.text)} | {cell(row.advice)} | `{row.error}` |" for row in rows]
    return list(dict.fromkeys(lines))


def classes() -> list[str]:
    """What each class of error means, and how a program is told."""
    lines = ["| error | means | exit code | HTTP |", "|---|---|---|---|"]
    for name, kind in CLASSES.items():
        meaning = (inspect.getdoc(kind) or "").split("\n")[0]
        meaning = meaning.partition(": HTTP")[0].partition(": exit")[0].rstrip(".")
        code = 3 if name == "SomeShardsFailed" else 2 if issubclass(kind, UsageError) else 1
        status = next((STATUSES[each] for each in kind.__mro__ if each in STATUSES), 500)
        lines.append(f"| `{name}` | {cell(meaning)} | {code} | {status} |")
    return lines


HEAD = """\
# Every error message

What optout says when something cannot be done, and what to do then. `python docs/errors.py` writes
this page from the source, and a test fails where the two differ; another fails where no test
provokes a message. What stands between ‹ and › is filled in.

On the command line a message and its advice are two lines on stderr, and with `--json` one document
on stdout: `{"error": {"type", "message", "advice", "exit_code"}}`. The service answers with problem
details (RFC 9457): `detail`, `advice`, and `errors` for the places of a request; what is the
service's own affair (500, 503) it writes to its log and does not tell. In Python an error has
`.message` and `.advice`. Whatever is not foreseen here ends in one line that names a file with
details, never in a traceback, with exit code 1.

## The classes

"""

LATER = {
    "finding": (
        "What verify finds",
        "Faults that `optout verify` lists, each with the shard, row and entry it is about: exit "
        "code 4.\n\n| fault |\n|---|",
    ),
    "detail": (
        "Places of a request",
        "What the service says of one field or item, under `errors`; what the kinds of "
        "“What is registered” say comes there too.\n\n| detail | advice |\n|---|---|",
    ),
}


def page() -> str:
    """The whole page."""
    found = messages()
    parts = [HEAD + "\n".join(classes()) + "\n"]
    for area, title in AREAS.items():
        rows = [each for each in found if each.is_error and area_of(each.path) == area]
        if rows:
            parts.append(f"\n## {title}\n\n" + "\n".join(table(rows)) + "\n")
    title, head = LATER["finding"]
    rows = [f"| {cell(each.text)} |" for each in found if each.error == "finding"]
    parts.append(f"\n## {title}\n\n{head}\n" + "\n".join(dict.fromkeys(rows)) + "\n")
    title, head = LATER["detail"]
    rows = [
        f"| {cell(each.text)} | {cell(each.advice)} |" for each in found if each.error in DETAILS
    ]
    parts.append(f"\n## {title}\n\n{head}\n" + "\n".join(dict.fromkeys(rows)) + "\n")
    return "".join(parts)


def area_of(path: str) -> str:
    """The area of the page that a module belongs to."""
    return next(area for area in AREAS if path.startswith(f"{area}/"))


if __name__ == "__main__":
    TARGET.write_text(page())
