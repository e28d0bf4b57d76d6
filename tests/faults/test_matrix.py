"""The matrix is complete: each of its lines is proved by a test that `make faults` runs."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# Where `make faults` looks.
FOLDERS = ("faults", "orders", "inventory")
LINES = {
    *(f"F{number:02d}" for number in range(1, 49)),
    *(f"P{number:02d}" for number in range(1, 7)),
    *(f"C{number}" for number in range(1, 4)),
    "R1",
}


def marked() -> Iterator[str]:
    """The number of every mark of a test function in these folders."""
    for path in (path for folder in FOLDERS for path in (TESTS / folder).rglob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                yield from filter(None, map(number_of, function.decorator_list))


def number_of(decorator: ast.expr) -> str:
    """What a decorator `fault(number, how, expected)` has as its number; empty for every other."""
    if not isinstance(decorator, ast.Call) or not ast.unparse(decorator.func).endswith("fault"):
        return ""
    number, _, _ = (ast.literal_eval(argument) for argument in decorator.args)
    return str(number)


def test_every_line_of_the_fault_matrix_is_proved_by_a_test() -> None:
    assert set(marked()) == LINES
