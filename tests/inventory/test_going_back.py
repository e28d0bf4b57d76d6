"""Going back behind a bad import: in three clicks from the list of imports, told before and after, undone by nobody."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation.confirmation import CONFIRMED_AT
from foundation.errors import Refused
from inventory.models import Dataset, InventoryImport
from inventory.operations.returning import possible_returns, take_back_import
from tests.factories import active_dataset_of, make_csv, make_dealership
from tests.inventory.arrivals import ELM, OAK, import_file, import_lot, rows_at
from tests.pages import part, sign_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> Client:
    return sign_in(role="manager")


@pytest.fixture
def bad_import() -> InventoryImport:
    """A file that was forced in: five vehicles in the place of forty, and another lot shortened as well."""
    make_dealership(name=ELM)
    make_dealership(name=OAK)
    day = timezone.now() - timedelta(days=1)
    import_file(make_csv(rows=[*rows_at(ELM, 40), *rows_at(OAK, 50, first=100)]), collected_at=day)
    rows = [*rows_at(ELM, 5), *rows_at(ELM, 1, first=90), *rows_at(OAK, 10, first=100)]
    return import_file(make_csv(rows=rows), force=True)


def lots_in_use() -> dict[str, int]:
    return dict(Dataset.objects.active().values_list("dealership__name", "rows_accepted"))


def links_of(answer: Any) -> list[str]:
    return re.findall(r'<a[^>]* href="([^"#]+)"', answer.content.decode())


def test_a_bad_import_is_taken_back_with_three_clicks_from_the_list(
    manager: Client, bad_import: InventoryImport
) -> None:
    first = reverse("import_detail", args=[bad_import.pk])
    second = reverse("import_take_back", args=[bad_import.pk])
    assert first in links_of(manager.get("/imports/"))
    assert second in links_of(manager.get(first))
    asked = manager.get(second)
    assert f"{ELM} Now 6 then 40 35 come back 1 leave" in part(asked, 'aria-label="What would change"', "</table>")
    assert lots_in_use() == {ELM: 6, OAK: 10}
    # The reason stands there already; the third click sends the form as it is.
    reason = re.search(r'name="reason" value="([^"]+)"', asked.content.decode())
    assert reason is not None
    answer = manager.post(second, {"reason": reason[1]}, follow=True)
    assert (
        f"2 dealerships use the inventory from before import {bad_import.pk} again: 75 vehicles came back, 1 left."
        in words(answer)
    )
    assert lots_in_use() == {ELM: 40, OAK: 50}
    event = Dataset.objects.active().get(dealership__name=ELM).events.last()
    assert event is not None
    assert (str(event.actor), event.reason) == ("manager", f"Went back from import {bad_import.pk}, lots.csv")


def test_one_dealership_goes_back_from_its_page_after_a_question_that_says_what_changes(
    manager: Client, bad_import: InventoryImport
) -> None:
    elm = Dataset.objects.active().get(dealership__name=ELM).dealership
    former = Dataset.objects.get(dealership=elm, status="archived")
    address = reverse("dataset_activate", args=[former.pk])
    assert address in links_of(manager.get(reverse("dealership_detail", args=[elm.pk])))
    assert address in links_of(manager.get(reverse("import_detail", args=[bad_import.pk])))
    asked = words(manager.get(address))
    assert f"Use dataset {former.pk} of {ELM} again?" in asked
    assert "35 vehicles come back, 1 leaves." in asked
    assert lots_in_use()[ELM] == 6
    answer = manager.post(address, {"reason": "The file was cut off."}, follow=True)
    assert f"{ELM} uses dataset {former.pk} with 40 vehicles again: 35 came back, 1 left." in words(answer)
    assert lots_in_use() == {ELM: 40, OAK: 10}


def test_the_question_without_a_reason_and_of_another_dataset(manager: Client, bad_import: InventoryImport) -> None:
    former = Dataset.objects.filter(status="archived").first()
    assert former is not None
    answer = manager.post(reverse("dataset_activate", args=[former.pk]), {"reason": " "})
    assert (answer.status_code, "Use dataset" in words(answer), "Say why" in words(answer)) == (422, True, True)
    active = Dataset.objects.active().first()
    assert active is not None
    there = reverse("import_dataset", args=[active.pk])
    assert manager.get(reverse("dataset_activate", args=[active.pk]))["Location"] == there


def test_staff_see_what_would_change_and_that_a_manager_decides(bad_import: InventoryImport) -> None:
    staff, former = sign_in(role="staff"), Dataset.objects.filter(status="archived").latest("pk")
    asked = staff.get(reverse("dataset_activate", args=[former.pk]))
    assert (asked.status_code, "A manager decides about this dataset." in words(asked)) == (200, True)
    page = staff.get(reverse("import_detail", args=[bad_import.pk]))
    assert "Take it back" not in words(page)
    take_back = reverse("import_take_back", args=[bad_import.pk])
    assert [staff.get(take_back).status_code, staff.post(take_back).status_code] == [403, 403]


def test_the_next_import_is_compared_with_the_inventory_that_is_in_use_again(
    manager: Client, bad_import: InventoryImport
) -> None:
    take_back_import(inventory_import=bad_import, actor=None, reason="cut off")
    good = import_lot(ELM, 38)
    assert (good.status, good.difference["before"], good.difference["gone"]) == ("active", 40, 2)
    # Six after thirty-eight: the bad one is no measure any more.
    assert import_lot(ELM, 6, first=2).status == "held"


def test_what_a_newer_import_brought_is_not_taken_back(bad_import: InventoryImport) -> None:
    newer = import_lot(ELM, 39, force=True)
    [oak] = take_back_import(inventory_import=bad_import, actor=None, reason="cut off")
    assert oak.dataset.dealership.name == OAK
    assert active_dataset_of(dealership=newer.dealership) == newer


def test_twice_is_once_and_says_so(manager: Client, bad_import: InventoryImport) -> None:
    address = reverse("import_take_back", args=[bad_import.pk])
    manager.post(address, {"reason": "cut off"})
    again = manager.post(address, {"reason": "cut off"})
    assert (again.status_code, "nothing was changed" in words(again)) == (409, True)
    assert "there is nothing to go back to" in words(manager.get(address))
    assert lots_in_use() == {ELM: 40, OAK: 50}


def test_a_former_dataset_whose_rows_are_removed_is_no_way_back(bad_import: InventoryImport) -> None:
    Dataset.objects.filter(status="archived").update(status="removed")
    assert possible_returns(inventory_import=bad_import) == []
    with pytest.raises(Refused, match="No dataset of import"):
        take_back_import(inventory_import=bad_import, actor=None, reason="cut off")


def test_all_go_back_or_none(bad_import: InventoryImport) -> None:
    """A dealership that cannot go back in the middle of it leaves the others as they were."""
    actor = User(username="was never saved")
    with pytest.raises(ValueError, match="unsaved"):
        take_back_import(inventory_import=bad_import, actor=actor, reason="cut off")
    assert lots_in_use() == {ELM: 6, OAK: 10}


def test_the_password_is_asked_for_once_when_it_was_typed_long_ago(
    manager: Client, bad_import: InventoryImport
) -> None:
    User.objects.get(username="manager").set_password("x")
    session = manager.session
    session[CONFIRMED_AT] = 0
    session.save()
    address = reverse("import_take_back", args=[bad_import.pk])
    assert "What would change" in manager.get(address).content.decode()
    asked = manager.post(address, {"reason": "cut off"})
    assert (asked.status_code, "Your password" in words(asked)) == (422, True)
    assert lots_in_use() == {ELM: 6, OAK: 10}


def test_a_reason_is_needed(manager: Client, bad_import: InventoryImport) -> None:
    answer = manager.post(reverse("import_take_back", args=[bad_import.pk]), {"reason": ""})
    assert (answer.status_code, "Say why; the reason is kept with your name." in words(answer)) == (422, True)
