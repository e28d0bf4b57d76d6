"""Output templates are rows: no code of orders, dealerships or pages knows one by its name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dealerships.models import OutputTemplate
from tests.factories import ensure_output_templates

ROOT = Path(__file__).parents[2]
# The same words for another thing: the file of vehicles that every order releases.
OF_ANOTHER_THING = {"orders/models/orders.py": {"Vehicle export"}}


def texts_of_code(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in a module with their lines, documentation apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def texts_of_page(path: Path) -> Iterator[tuple[int, str]]:
    return enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)


def mentions(root: Path, names: set[str]) -> list[str]:
    """Where code or pages below a folder name one of these, as a word of its own."""
    words = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(names)), re.IGNORECASE)
    code = [
        path
        for app in ("orders", "dealerships")
        for path in (root / app).rglob("*.py")
        if "migrations" not in path.parts
    ]
    pages = (root / "templates").rglob("*.html")
    places = [*((path, texts_of_code(path)) for path in code), *((path, texts_of_page(path)) for path in pages)]
    return [
        f"{path.relative_to(root)}:{line}: {text.strip()}"
        for path, texts in places
        for line, text in texts
        if words.search(text) and text not in OF_ANOTHER_THING.get(str(path.relative_to(root)), ())
    ]


def names_of_rows() -> set[str]:
    ensure_output_templates()
    return {name for row in OutputTemplate.objects.all() for name in (row.code, row.name)}


@pytest.mark.django_db
def test_no_code_and_no_page_names_an_output_template() -> None:
    assert mentions(ROOT, names_of_rows()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("orders/domain/rendering.py", "is_priced = template.code == 'priced_shortcut_pack'"),
        ("orders/views/listing.py", "NAMES = {'x': f'{number} Flyout files'}"),
        ("dealerships/models.py", "choice = ('any', 'Shortcut Pack')"),
        ("templates/orders/order.html", "{% if order.template == 'vdp_flyout' %}"),
    ],
)
def test_a_name_is_found_wherever_it_is_planted(tmp_path: Path, place: str, text: str) -> None:
    planted = tmp_path / place
    planted.parent.mkdir(parents=True)
    planted.write_text(f"{text}\n")
    assert [mention.split(": ")[0] for mention in mentions(tmp_path, names_of_rows())] == [f"{place}:1"]


@pytest.mark.django_db
def test_documentation_and_names_inside_other_words_are_no_mention(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir(exist_ok=True)
    (tmp_path / "orders" / "qr.py").write_text('"""Such as Shortcut."""\nUTM = "VDP_ShortCut"\n')
    assert mentions(tmp_path, names_of_rows()) == []
