import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.rewrites import rewrite_texts


@pytest.mark.parametrize(
    ("model", "trim", "expected"),
    [
        ("Wrangler Unlimited", "Sahara", ("Wrangler", "Unlimited Sahara")),
        ("Wrangler Unlimited", "", ("Wrangler", "Unlimited")),
        ("Wrangler Unlimited Rubicon", "X", ("Wrangler Unlimited Rubicon", "X")),
        ("1500", "Big Horn 5'7 BOX", ("1500", "Big Horn")),
        ("1500", "Laramie 6'4 box 4x4", ("1500", "Laramie 4x4")),
        ("1500", "Laramie 6\u20194 Box", ("1500", "Laramie")),
        ("Grand Cherokee", "L Limited", ("Grand Cherokee L", "Limited")),
        ("Grand Wagoneer", "L Series II", ("Grand Wagoneer L", "Series II")),
        ("Wagoneer", "L Carbide", ("Wagoneer L", "Carbide")),
        ("Grand Cherokee L", "L Limited", ("Grand Cherokee L", "Limited")),
        ("Grand Cherokee", "Limited", ("Grand Cherokee", "Limited")),
        ("Compass", "L Limited", ("Compass", "L Limited")),
    ],
)
def test_models_and_trims_are_written_as_glendale_wants_them(model: str, trim: str, expected: tuple[str, str]) -> None:
    assert rewrite_texts(model, trim) == expected


models = st.sampled_from(["Wrangler Unlimited", "Grand Cherokee", "Grand Wagoneer L", "Wagoneer", "1500"]) | st.text()
trims = st.lists(st.sampled_from(["L", "5'7", "6'4", "BOX", "box", "Limited", "", "5'7 BOX"])).map(" ".join) | st.text()


@given(models, trims)
def test_rewriting_twice_changes_nothing_more(model: str, trim: str) -> None:
    once = rewrite_texts(model, trim)
    assert rewrite_texts(*once) == once
