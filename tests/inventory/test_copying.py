"""COPY carries every text as it is and every missing value as NULL."""

from datetime import date

import pytest
from django.db import IntegrityError

from dealerships.models import Dealership
from inventory.models import Dataset, FirstSeen, RawVehicle
from inventory.operations.copying import CopyBuffer
from tests import factories

DAY = date(2026, 3, 1)
TEXTS = [
    "",
    "plain",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "\\",
    "\\N",
    "\\.",
    'say "no"',
    "a,b",
    "caf\u00e9 \U0001f697",
    " outer ",
]


@pytest.fixture
def dealership(db: None) -> Dealership:
    return factories.make_dealership()


def test_every_text_arrives_as_it_was_sent(dealership: Dealership) -> None:
    factories.make_vehicles(dealership=dealership, count=1)
    dataset = Dataset.objects.get()
    RawVehicle.objects.all().delete()
    names = [field.name for field in RawVehicle._meta.fields if field.name not in {"id", "dataset", "row_number"}]
    buffer = CopyBuffer(RawVehicle, ["dataset", "row_number", *names], chunk=5)
    for number, text in enumerate(TEXTS):
        buffer.add((dataset.pk, number, *[text] * len(names)))
    buffer.flush()
    stored = RawVehicle.objects.order_by("row_number").values_list(*names)
    assert list(stored) == [(text,) * len(names) for text in TEXTS]


def test_other_values_than_texts_keep_their_type(dealership: Dealership) -> None:
    buffer = CopyBuffer(FirstSeen, ["dealership", "vin", "first_seen_date"])
    buffer.add((dealership.pk, "1C4RJHAG3P8900725", DAY))
    buffer.flush()
    assert list(FirstSeen.objects.values_list("vin", "first_seen_date")) == [("1C4RJHAG3P8900725", DAY)]


def test_a_missing_value_is_null(dealership: Dealership) -> None:
    buffer = CopyBuffer(FirstSeen, ["dealership", "vin", "first_seen_date"])
    buffer.add((dealership.pk, "1C4RJHAG3P8900725", None))
    with pytest.raises(IntegrityError, match='null value in column "first_seen_date"'):
        buffer.flush()


def test_an_empty_buffer_sends_nothing(dealership: Dealership) -> None:
    CopyBuffer(FirstSeen, ["dealership", "vin", "first_seen_date"]).flush()
    assert FirstSeen.objects.count() == 0
