"""An order issued again for another computer."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from dealerships.models import PathProfile
from foundation.errors import Refused
from orders.models import Order, VinLogEntry
from orders.operations.completing import reissue_order, void_order
from orders.operations.profiling import change_profile
from orders.operations.rechecking import check_files
from tests.factories import BASE, finish_order, make_dealership, make_order, make_vehicles
from tests.orders.released import csv_rows, released_bytes, zip_members
from tests.pages import sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    """A done order of three used vehicles, issued for Nick's Windows computer."""
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return finish_order(order=make_order(dealership=dealership))


def make_profile(**fields: Any) -> PathProfile:
    return PathProfile.objects.create(**{"name": "Mac", "base": "/Volumes/orders", "separator": "/"} | fields)


def csv_of(order: Order) -> list[list[str]]:
    (data,) = released_bytes(order, "csv").values()
    return csv_rows(data)


def records(order: Order) -> list[tuple[Any, ...]]:
    return list(order.artifacts.order_by("id").values_list("id", "public_id", "kind", "name", "path", "sha256"))


@pytest.mark.parametrize(
    ("fields", "folder"),
    [
        ({}, "/Volumes/orders/"),
        ({"base": r"\\server\orders", "separator": "\\"}, "\\\\server\\orders\\"),
        ({"base": "", "separator": "\\"}, "qr_codes\\"),
        ({"base": "", "separator": "/"}, "qr_codes/"),
    ],
)
def test_only_the_image_cells_change(order: Order, fields: dict[str, str], folder: str) -> None:
    header, *rows = csv_of(order)
    change_profile(order=order, profile=make_profile(**fields))
    images = [at for at, name in enumerate(header) if name.startswith("@")]
    assert images == [5, 8]
    for row in rows:
        for at in images:
            row[at] = row[at].replace(f"{BASE}\\", folder)
    assert csv_of(order) == [header, *rows]
    assert csv_of(order)[1][5] == f"{folder}{order.lines.all()[0].vin}.png"


def test_images_billing_vehicles_and_log_stay_as_they_were(order: Order) -> None:
    before, log = records(order), list(VinLogEntry.objects.values())
    changed = change_profile(order=order, profile=make_profile())
    after = records(order)
    same = {row[2] for row, new in zip(before, after, strict=True) if row == new}
    assert (same, len(changed)) == ({"qr", "billing", "vehicles"}, 3)
    assert [row[:4] for row in after] == [row[:4] for row in before]
    assert list(VinLogEntry.objects.values()) == log


def test_what_is_released_then_is_whole_and_can_be_issued_again(order: Order) -> None:
    change_profile(order=order, profile=make_profile())
    order.refresh_from_db()
    assert check_files(order=order)[1] == []
    assert reissue_order(order=order) == []
    (package,) = released_bytes(order, "zip").values()
    (name,) = released_bytes(order, "csv")
    assert zip_members(package)[name] == released_bytes(order, "csv")[name]


def test_the_change_is_on_record_with_who_made_it(order: Order) -> None:
    boss = User.objects.create(username="boss")
    change_profile(order=order, profile=make_profile(), actor=boss)
    event = order.events.latest("id")
    assert (event.action, event.actor, event.detail.partition(":")[0]) == ("change path profile", boss, "Nick to Mac")


def test_the_images_keep_their_names_whatever_the_profile_says(order: Order) -> None:
    change_profile(order=order, profile=make_profile(qr_naming="numbered"))
    assert csv_of(order)[1][5] == f"/Volumes/orders/{order.lines.all()[0].vin}.png"


def test_a_profile_with_the_same_paths_changes_the_summary_and_zip_only(order: Order) -> None:
    kinds = dict(order.artifacts.values_list("name", "kind"))
    changed = change_profile(order=order, profile=make_profile(base=BASE, separator="\\"))
    assert [kinds[name] for name in changed] == ["summary", "zip"]
    assert change_profile(order=order, profile=PathProfile.objects.get(name="Mac")) == []


@pytest.mark.parametrize("base", ["QRS", "/Volumes/" + "\u00fc"])
def test_a_profile_that_adobe_cannot_follow_changes_nothing(order: Order, base: str) -> None:
    before, settings, events = records(order), order.output_settings, order.events.count()
    with pytest.raises(Refused, match="'Mac' has the base folder"):
        change_profile(order=order, profile=make_profile(base=base))
    order.refresh_from_db()
    assert (records(order), order.output_settings, order.events.count()) == (before, settings, events)


def test_lines_that_no_longer_give_the_released_files_are_refused(order: Order) -> None:
    before = records(order)
    order.lines.filter(seq=1).update(stock="OTHER")
    with pytest.raises(Refused, match="differ in more than their image paths"):
        change_profile(order=order, profile=make_profile())
    assert records(order) == before


def test_only_done_orders_are_issued_for_another_computer(order: Order) -> None:
    void_order(order=order, reason="printed twice")
    with pytest.raises(Refused, match="is voided; only a done order"):
        change_profile(order=order, profile=make_profile())


# ---------- the page ----------
def test_a_manager_chooses_the_computer_on_a_page_of_its_own(order: Order) -> None:
    profile, address = make_profile(), reverse("order_profile", args=[order.pk])
    manager = sign_in(role="manager")
    page = manager.get(reverse("order_detail", args=[order.pk])).content.decode()
    assert page.count(f'href="{address}"') == 1
    assert words(manager.get(address)).count("It was issued for Nick.") == 1
    assert manager.post(address, {"profile": ""}).status_code == 422
    answer = manager.post(address, {"profile": profile.pk}, follow=True)
    assert words(answer).count("Order 45001 issued for Mac. 3 files have new image paths.") == 1
    assert order.events.latest("id").actor == User.objects.get(username="manager")


def test_a_refusal_stands_on_the_orders_page(order: Order) -> None:
    profile = make_profile(base="QRS")
    answer = sign_in(role="manager").post(reverse("order_profile", args=[order.pk]), {"profile": profile.pk})
    assert (answer.status_code, words(answer).count("the base folder 'QRS'")) == (409, 1)


@pytest.mark.parametrize("role", ["viewer", "staff"])
def test_others_do_not(order: Order, role: str) -> None:
    client = sign_in(role=role)
    address = reverse("order_profile", args=[order.pk])
    assert [client.get(address).status_code, client.post(address, {"profile": 1}).status_code] == [403, 403]
    assert client.get(reverse("order_detail", args=[order.pk])).content.decode().count(address) == 0
