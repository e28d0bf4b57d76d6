"""Rules of the code that no other check knows; each failure names the file and the rule."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ["silverfox", "foundation", "jobs", "dealerships", "inventory", "orders", "scrapers"]
SOURCES = sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py"))
CODE = [path for path in SOURCES if "migrations" not in path.parts]
TEMPLATES = sorted(path for folder in ["templates", *PACKAGES] for path in (PROJECT / folder).rglob("*.html"))

MAXIMUM_FUNCTION_LINES = 40
MAXIMUM_MODULE_LINES = 400
UNSAFE_CALLS = {"mark_safe", "SafeString", "async_task", "eval", "exec", "RawSQL"}
UNSAFE_TEMPLATE = re.compile(
    r"\|\s*safe\b|\{%\s*autoescape\s+off|<style\b|<script(?![^>]*\bsrc=)|\sstyle\s*=|\son[a-z]+\s*=|\bhx-on\b|javascript:",
    re.IGNORECASE,
)


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def called_names(path: Path) -> set[str]:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {str(getattr(call, "attr", "") or getattr(call, "id", "")) for call in calls}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_can_be_imported(path: Path) -> None:
    module = name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert importlib.import_module(module).__name__ == module


def test_only_the_executor_knows_the_queue() -> None:
    users = [name(path) for path in CODE if re.search(r"^\s*(from|import) django_q", path.read_text(), re.MULTILINE)]
    assert users == ["jobs/executor.py"]


def test_nothing_calls_what_skips_escaping_or_runs_text() -> None:
    found = {name(path): sorted(called_names(path) & UNSAFE_CALLS) for path in CODE}
    assert {path: calls for path, calls in found.items() if calls} == {
        "jobs/executor.py": ["async_task"],
        # The guides are files of the project, and the parser lets no markup of theirs through.
        "silverfox/guide.py": ["mark_safe"],
    }


def test_no_page_writes_the_number_of_a_row_with_a_comma() -> None:
    printed = re.compile(r"\{\{ (?!field\.auto_id|event\.request_id)[a-z_.]*(\.pk|\.id|_id|\bpk) \}\}")
    assert [name(path) for path in TEMPLATES if printed.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_hold_no_inline_script_or_style_and_escape_everything(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.strip() for line in lines if UNSAFE_TEMPLATE.search(line)] == []


def test_functions_are_short() -> None:
    lengths = {
        f"{name(path)}:{function.name}": (function.end_lineno or 0) - function.lineno + 1
        for path in CODE
        for function in functions(path)
    }
    assert {where: length for where, length in lengths.items() if length > MAXIMUM_FUNCTION_LINES} == {}


def test_modules_are_short() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {where: length for where, length in lengths.items() if length > MAXIMUM_MODULE_LINES} == {}


def test_transactions_are_opened_by_operations_only_and_by_the_claims_that_they_stand_on() -> None:
    openers = [name(path) for path in CODE if "transaction.atomic" in path.read_text(encoding="utf-8")]
    assert [path for path in openers if "operations" not in path] == ["jobs/claims.py"]
