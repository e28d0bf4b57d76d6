"""The page of one import: what became of every row, and what still waits for somebody."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, OuterRef, QuerySet, Sum, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from dealerships.models import Dealership, DealershipAlias
from foundation.roles import MANAGER, STAFF, has_role
from inventory.models import Dataset, IgnoredName, InventoryImport
from inventory.operations.mapping import MEANINGS, meanings_of
from inventory.operations.queueing import is_in_progress

PROBLEMS_PER_PAGE = 100
LOTS_PER_PAGE = 50
OPEN_PER_PAGE = 25
_LONGEST_KEY = 19


def find_import(pk: int) -> InventoryImport:
    return get_object_or_404(InventoryImport.objects.select_related("created_by", "reread_of"), pk=pk)


def chosen_in(request: HttpRequest, prefix: str) -> dict[int, str]:
    """What was typed or chosen in the rows of a form, by the key behind the prefix of each field's name."""
    found = {}
    for name, value in request.POST.items():
        key, text = name.removeprefix(prefix), str(value).replace("\0", "").strip()
        if name.startswith(prefix) and key.isascii() and key.isdigit() and len(key) < _LONGEST_KEY and text:
            found[int(key)] = text
    return found


def keys_in(values: list[str]) -> list[int]:
    """The keys among the values of an address."""
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < _LONGEST_KEY]


def render_import(
    request: HttpRequest,
    inventory_import: InventoryImport,
    *,
    errors: dict[str, list[str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `errors` are sentences by the part of the page to which they belong."""
    problems = inventory_import.problems.select_related("dealership")
    code = request.GET.get("code", "")
    page = Paginator(problems.filter(code=code) if code else problems, PROBLEMS_PER_PAGE)
    context = {
        "import": inventory_import,
        "in_progress": is_in_progress(inventory_import=inventory_import, now=timezone.now()),
        "codes": problems.order_by().values_list("code").annotate(rows=Count("id")).order_by("code"),
        "code": code,
        "page": page.get_page(request.GET.get("page")),
        "rereads": list(inventory_import.rereads.order_by("-id")),
        "errors": errors or {},
        "typed": request.POST,
        **_lots(request, inventory_import),
        **_names(request, inventory_import),
        **_wordings(request, inventory_import),
    }
    return render(request, "inventory/import_detail.html", context, status=status)


def _lots(request: HttpRequest, inventory_import: InventoryImport) -> dict[str, Any]:
    """The datasets by dealership, those first about which somebody must decide; with the way back, for managers."""
    waits = Case(When(status__in=[Dataset.Status.HELD, Dataset.Status.STAGED], then=0), default=1)
    datasets = inventory_import.datasets.select_related("dealership").order_by(waits, "dealership__name")
    page = _page(request, datasets, "lots", LOTS_PER_PAGE)
    replaced = {
        dataset.pk: dataset.difference["dataset"]
        for dataset in page
        if dataset.status == Dataset.Status.ACTIVE and dataset.difference
    }
    if not replaced or not has_role(request.user, MANAGER):
        return {"lots": page, "returns": {}}
    kept = Dataset.objects.filter(status=Dataset.Status.ARCHIVED, pk__in=replaced.values())
    formers = set(kept.values_list("pk", flat=True))
    return {"lots": page, "returns": {pk: former for pk, former in replaced.items() if former in formers}}


def _names(request: HttpRequest, inventory_import: InventoryImport) -> dict[str, Any]:
    """The names that no dealership answered to, open ones first, with what was done about each since."""
    names = inventory_import.unmatched_names.annotate(
        is_ignored=Exists(IgnoredName.objects.filter(folded=OuterRef("folded"))),
        is_attached=Exists(DealershipAlias.objects.filter(folded=OuterRef("folded"))),
    ).order_by("is_ignored", "is_attached", "-rows", "name")
    page = _page(request, names, "names")
    folds = [name.folded for name in page]
    ignored = {item.folded: item for item in IgnoredName.objects.select_related("created_by").filter(folded__in=folds)}
    aliases = DealershipAlias.objects.select_related("dealership").filter(folded__in=folds)
    attached = {alias.folded: alias for alias in aliases}
    is_open = any(item.name and not item.is_ignored and not item.is_attached for item in page)
    return {
        "names": page,
        "unmatched": [(item, ignored.get(item.folded), attached.get(item.folded)) for item in page],
        "to_come": names.filter(is_attached=True).aggregate(names=Count("id"), rows=Sum("rows")),
        "dealerships": Dealership.objects.only("name") if is_open and has_role(request.user, STAFF) else [],
    }


def _wordings(request: HttpRequest, inventory_import: InventoryImport) -> dict[str, Any]:
    """The texts that no mapping knew, with what they mean by now or may mean."""
    page = _page(request, inventory_import.unmapped_texts.all(), "wordings")
    meanings = meanings_of(texts=[(item.column, item.text) for item in page])
    rows = []
    for item in page:
        choices = MEANINGS.get(item.column, [])
        rows.append((item, dict(choices).get(meanings.get((item.column, item.text), "")), choices))
    return {"wordings": page, "unmapped": rows, "has_unknown": any(not meaning for _, meaning, _ in rows)}


def _page(request: HttpRequest, rows: QuerySet[Any], name: str, per_page: int = OPEN_PER_PAGE) -> Page[Any]:
    return Paginator(rows, per_page).get_page(request.GET.get(name))
