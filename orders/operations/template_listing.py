"""What the pages of output templates show: read only, the same number of queries for any number of them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from dealerships.models import Dealership, OutputTemplate
from orders.models import OutputTemplateVersion


@dataclass(frozen=True, slots=True)
class ListedTemplate:
    """An output template with its newest version (0 for none), its columns and how many dealerships chose it."""

    row: OutputTemplate
    version: int
    columns: int
    used_by: int


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A dealership that chose an output template, and for which vehicles."""

    dealership: Dealership
    words: str


def list_output_templates(*, retired: bool = False) -> list[ListedTemplate]:
    """The output templates in their order, either those in use or the retired ones, by one query."""
    newest = OutputTemplateVersion.objects.filter(output_template=OuterRef("pk")).order_by("-number")
    code = OuterRef("code")
    chosen_by = Dealership.objects.order_by().filter(Q(template_new=code) | Q(template_used=code))
    rows: QuerySet[Any] = OutputTemplate.objects.filter(retired=retired).annotate(
        newest_number=Coalesce(Subquery(newest.values("number")[:1]), 0),
        newest_columns=Subquery(newest.values("columns")[:1]),
        used_by=Subquery(chosen_by.annotate(count=Func(F("pk"), function="COUNT")).values("count")),
    )
    return [ListedTemplate(row, row.newest_number, len(row.newest_columns or ()), row.used_by) for row in rows]


def uses_of(*, output_template: OutputTemplate) -> list[TemplateUse]:
    """The dealerships that chose this output template, by name."""
    chosen = Dealership.objects.choosing(output_template).order_by("name")
    return [TemplateUse(dealership, _words(dealership, output_template.code)) for dealership in chosen]


def _words(dealership: Dealership, code: str) -> str:
    new, used = dealership.template_new_id, dealership.template_used_id
    if (new or code) == (used or code) == code:
        return "all vehicles"
    return "new vehicles" if new == code else "used vehicles"
