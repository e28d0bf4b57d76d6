from orders.domain.formulas import parse_formula
from orders.domain.output_template_changes import changed_columns, changed_options
from orders.domain.output_templates import Column, OutputOptions, OutputTemplate


def template(headers: str, **formulas: str) -> OutputTemplate:
    columns = tuple(Column(header=h, formula=parse_formula(formulas.get(h, "{vin}"))) for h in headers)
    return OutputTemplate(code="x", name="X", abbreviation="X", columns=columns)


def words(old: OutputTemplate, new: OutputTemplate) -> dict[str, str]:
    return {change.header: " ".join(change.words) for change in changed_columns(old, new)}


def test_columns_are_added_removed_changed_and_moved() -> None:
    old, new = template("ABCD"), template("CABX", B="{stock}")
    assert words(old, new) == {"C": "moved", "A": "", "B": "changed", "D": "removed", "X": "added"}


def test_a_removed_column_stands_where_it_stood_with_its_place() -> None:
    changes = changed_columns(template("ABC"), template("AC"))
    assert [(c.header, c.old_place, c.new_place) for c in changes] == [("A", 1, 1), ("B", 2, None), ("C", 3, 2)]


def test_the_fewest_columns_count_as_moved() -> None:
    assert words(template("ABCDE"), template("BCDEA")) == {"B": "", "C": "", "D": "", "E": "", "A": "moved"}


def test_a_column_moves_and_changes_at_once() -> None:
    assert words(template("ABC"), template("BCA", A="{stock}"))["A"] == "changed moved"


def test_equal_versions_differ_in_nothing() -> None:
    assert set(words(template("AB"), template("AB")).values()) == {""}
    assert changed_options(OutputOptions(), OutputOptions()) == []


def test_only_the_options_that_differ_are_told() -> None:
    [change] = changed_options(OutputOptions(), OutputOptions(dollar_sign=True))
    assert (change.name, change.old, change.new) == ("dollar_sign", False, True)
