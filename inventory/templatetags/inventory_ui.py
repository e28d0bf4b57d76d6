"""How the pages of imports show differences, and keep what was typed."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse

from inventory.models import Dataset

register = template.Library()
FIGURES = {"new": "new", "gone": "gone", "repriced": "with another price", "moved": "with another condition"}


@register.filter
def figures(difference: Mapping[str, int]) -> list[tuple[str, str, int | None]]:
    """Word, name and count of each figure of a dataset's difference; no count where nothing was compared."""
    return [(word, name, difference.get(name)) for name, word in FIGURES.items()]


@register.simple_tag
def difference_address(dataset_id: int, difference: Mapping[str, int], what: str) -> str:
    """The page of the vehicles behind a figure that is kept with a dataset."""
    return f"{reverse('import_difference', args=[dataset_id])}?what={what}&with={difference['dataset']}"


@register.simple_tag
def difference_to(dataset: Dataset, other: Dataset, what: str) -> str:
    """The page of the vehicles behind a figure of two datasets."""
    return f"{reverse('import_difference', args=[dataset.pk])}?what={what}&with={other.pk}"


@register.simple_tag(takes_context=True)
def part_address(context: template.Context, parameter: str, page: int) -> str:
    """The address of the page that is shown with another page of one of its parts; the others stay where they are."""
    query: QueryDict = context["request"].GET.copy()
    query[parameter] = str(page)
    return f"?{query.urlencode()}"


@register.filter
def typed_in(typed: Mapping[str, str], pk: int) -> str:
    """What was typed or chosen for a row of the form that is shown again."""
    return typed.get(f"dealership-{pk}") or typed.get(f"meaning-{pk}") or ""


@register.filter
def of_key(values: Mapping[Any, Any], key: Any) -> Any:
    """The value of a mapping; nothing where it has none."""
    return values.get(key)
