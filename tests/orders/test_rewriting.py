"""The page that shows what text rewrites do to a lot."""

import pytest
from django.test import Client

from dealerships.models import Dealership
from dealerships.operations import add_built_in_rewrites
from orders.operations.rewriting import RewrittenVehicle, preview_rewrites
from tests.factories import active_dataset_of, import_rows, make_dealership, make_row
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db


def make_lot(*, text_rewrites: bool = False) -> Client:
    """A dealership with the built-in rules and three vehicles, of which two change; gives a viewer's browser."""
    elm = make_dealership(text_rewrites=text_rewrites)
    add_built_in_rewrites(dealership=elm)
    texts = [("Wrangler Unlimited", "Sahara"), ("Compass", "L Sport"), ("1500", "Laramie 5'7 BOX")]
    import_rows(
        rows=[
            make_row(number=number, location=elm.name, Model=model, Trim=trim)
            for number, (model, trim) in enumerate(texts, start=1)
        ]
    )
    return sign_in(role="viewer")


def test_the_preview_holds_the_vehicles_that_the_rules_change_also_while_switched_off() -> None:
    make_lot()
    elm = Dealership.objects.get()
    wrangler, _, ram = active_dataset_of(dealership=elm).vehicles.order_by("row_number")
    assert preview_rewrites(dealership=elm) == (
        3,
        [RewrittenVehicle(wrangler, "Wrangler", "Unlimited Sahara"), RewrittenVehicle(ram, "1500", "Laramie")],
    )


@pytest.mark.parametrize(("is_on", "warnings"), [(True, 0), (False, 1)])
def test_the_page_counts_and_shows_them_before_and_after(is_on: bool, warnings: int) -> None:
    client = make_lot(text_rewrites=is_on)
    page = words(client.get(f"/dealerships/{Dealership.objects.get().pk}/rewrites/"))
    for sentence in (
        "2 of 3 vehicles of the active inventory changed by 3 rules.",
        "Wrangler Unlimited / Sahara Wrangler / Unlimited Sahara",
        "1500 / Laramie 5'7 BOX 1500 / Laramie",
        "Replace the whole text in the model: Wrangler Unlimited becomes Wrangler with Unlimited in front of the trim",
        "Move first words of the trim to the model: L Only when the model has Grand Cherokee or Grand Wagoneer or",
    ):
        assert page.count(sentence) == 1, sentence
    assert page.count("The rewrites are switched off") == warnings


def test_without_rules_or_inventory_the_page_says_so() -> None:
    elm, client = make_dealership(), sign_in(role="viewer")
    address = f"/dealerships/{elm.pk}/rewrites/"
    assert words(client.get(address)).count("Elm Street Motors has no text rewrites") == 1
    add_built_in_rewrites(dealership=elm)
    assert words(client.get(address)).count("There is no active inventory to show the rules on.") == 1
    import_rows(rows=[make_row(number=1, location=elm.name)])
    assert words(client.get(address)).count("The rules change no vehicle of the active inventory.") == 1


def test_the_dealerships_page_leads_there() -> None:
    elm = make_dealership(text_rewrites=True)
    page = sign_in(role="viewer").get(f"/dealerships/{elm.pk}/").content.decode()
    assert page.count(f'<a href="/dealerships/{elm.pk}/rewrites/">On</a>') == 1
