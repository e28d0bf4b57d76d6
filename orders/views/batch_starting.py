"""The start of a batch: whose orders it prepares, what is in their way, and another try for those that got none."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from dealerships.domain.names import fold_name
from dealerships.domain.output import OrderKind
from dealerships.models import KIND_CHOICES, Dealership
from foundation.addresses import addresses
from foundation.errors import BadInput, SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from orders.domain.batches import NEEDS_ENTRIES, Weight
from orders.forms.orders import BatchForm
from orders.models import BatchEntry
from orders.operations.batch_planning import (
    CONDITIONS,
    DAYS,
    Choice,
    Wanted,
    choose_dealerships,
    due_dealerships,
    plan_orders,
    plan_problems,
    scheduled_dealerships,
)
from orders.operations.batching import prepare_again, run_batch
from orders.operations.drafting import begun_drafts
from orders.operations.overview import Overview, survey_dealerships
from orders.operations.preflight import is_worker_alive, means_problems
from orders.views.answers import status_of

CHOICES = {"due", "named", *DAYS}
# Class and icon of what a problem does.
_LOOKS = {Weight.STOPS: ("", "minus"), Weight.ASKS: ("warn", "warn"), Weight.TELLS: ("", "info")}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a page chose, as its address and its form say it: for whom, who of them not, and which orders."""

    choose: str = "due"
    query: str = ""
    named: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()
    kinds: Mapping[int, str] = field(default_factory=dict)
    conditions: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, data: QueryDict, *, choose: str) -> "Chosen":
        """A form that shows boxes sends those that are ticked and all that it shows; an address what differs."""
        ticked, shown = _numbers(data.getlist("dealerships")), _numbers(data.getlist("shown"))
        is_named = choose == "named"
        return cls(
            choose=choose,
            query=data.get("q", "").strip(),
            named=ticked if is_named else frozenset(),
            without=frozenset() if is_named else (shown - ticked) | _numbers(data.getlist("without")),
            kinds=_said(data, "kind-", set(OrderKind)),
            conditions=_said(data, "conditions-", set(CONDITIONS)),
        )

    def is_ticked(self, dealership: Dealership) -> bool:
        return dealership.pk in self.named if self.choose == "named" else dealership.pk not in self.without

    def wanted(self) -> dict[int, Wanted]:
        return {
            pk: Wanted(
                kind=OrderKind(self.kinds[pk]) if pk in self.kinds else None,
                groups=CONDITIONS.get(self.conditions.get(pk, ""), ()),
            )
            for pk in {*self.kinds, *self.conditions}
        }

    def address(self) -> str:
        """The address that shows the same again, with what differs from the usual only."""
        said = {"choose": self.choose, "q": self.query}
        said |= {"dealerships": _joined(self.named), "without": _joined(self.without)}
        said |= {f"kind-{pk}": kind for pk, kind in self.kinds.items()}
        said |= {f"conditions-{pk}": word for pk, word in self.conditions.items()}
        query = urlencode([(name, value) for name, value in said.items() if value])
        return f"{reverse('batch_create')}?{query}"


def _numbers(texts: Iterable[str]) -> frozenset[int]:
    """The ids in these texts; an address has many of them in one, with dots between, to stay short."""
    parts = ".".join(texts).split(".")
    return frozenset(int(text) for text in parts if text.isdecimal() and text.isascii() and len(text) < 10)


def _joined(ids: Iterable[int]) -> str:
    return ".".join(str(pk) for pk in sorted(ids))


def _said(data: QueryDict, prefix: str, known: Collection[str]) -> dict[int, str]:
    """What is chosen by dealership id; a word that no page offers is passed over."""
    said: dict[int, str] = {}
    for name in data:
        word = data.get(name) or ""
        if name.startswith(prefix) and word in known:
            said |= dict.fromkeys(_numbers([name.removeprefix(prefix)]), word)
    return said


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def batch_create(request: AuthenticatedRequest) -> HttpResponse:
    if request.method == "POST":
        return _start(request)
    choose = request.GET.get("choose", "due")
    chosen = Chosen.read(request.GET, choose=choose if choose in CHOICES else "due")
    return _page(request, BatchForm(initial={"choose": chosen.choose}), chosen)


@require_POST
@staff_required
@vary_on_headers("HX-Request")
def batch_plan(request: AuthenticatedRequest) -> HttpResponse:
    """What the form would prepare as it stands; the address of the page keeps it for a reload."""
    form = BatchForm(request.POST)
    if not form.is_valid():
        return _page(request, form, Chosen(choose="named"), status=422)
    chosen = Chosen.read(request.POST, choose=form.cleaned_data["choose"])
    if not request.headers.get("HX-Request"):
        return redirect(chosen.address())
    answer = _page(request, form, chosen, page="batches/_plan.html")
    answer["HX-Replace-Url"] = chosen.address()
    return answer


def _start(request: AuthenticatedRequest) -> HttpResponse:
    form = BatchForm(request.POST)
    if not form.is_valid():
        return _page(request, form, Chosen(choose="named"), status=422)
    chosen = Chosen.read(request.POST, choose=form.cleaned_data["choose"])
    try:
        batch = run_batch(
            choice=_choice(chosen),
            actor=request.user,
            idempotency_key=form.cleaned_data["idempotency_key"],
            in_background=is_worker_alive(),
        )
    except SilverFoxError as error:
        return _page(request, form, chosen, status=status_of(error), refusal=error.message)
    return redirect("batch_detail", batch.pk)


def _choice(chosen: Chosen) -> Choice:
    """The dealerships that are ticked, with what is wanted of each. Raises `BadInput` where none is."""
    today = timezone.localdate()
    if chosen.choose == "named":
        found = Dealership.objects.active().filter(pk__in=chosen.named)
        choice = choose_dealerships(names=[dealership.name for dealership in found], today=today)
    else:
        day = "" if chosen.choose == "due" else chosen.choose
        choice = choose_dealerships(day=day, due=not day, today=today)
    ticked = tuple(filter(chosen.is_ticked, choice.dealerships))
    if not ticked:
        raise BadInput("No dealership is ticked, and nothing is chosen by itself. Tick at least one.", code="no_choice")
    return replace(choice, dealerships=ticked, wanted=chosen.wanted())


def _page(
    request: AuthenticatedRequest,
    form: BatchForm,
    chosen: Chosen,
    *,
    page: str = "batches/create.html",
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    overviews = {overview.dealership.pk: overview for overview in survey_dealerships(now=timezone.now())}
    rows = _rows(request.user, chosen, overviews)
    ticked = [row for row in rows if row["is_ticked"]]
    prepared = [row for row in ticked if _can_be_prepared(row)]
    context = {
        "form": form,
        "chosen": chosen,
        "rows": rows,
        "ticked": len(ticked),
        "prepared": len(prepared),
        "vehicles": sum(row["waiting"] for row in prepared if not row["is_list"]),
        "means": means_problems(),
        **said,
    }
    return render(request, page, context, status=status)


def _rows(user: User, chosen: Chosen, overviews: Mapping[int, Overview]) -> list[dict[str, Any]]:
    """One row for each planned order; the first of a dealership's carries its box and its choices."""
    drafts = {draft.dealership_id: draft for draft in begun_drafts(user=user)}
    planned = plan_orders(_shown(chosen, [o.dealership for o in overviews.values()]), chosen.wanted())
    problems = plan_problems(planned, overviews, typed=[pk for pk in drafts if pk])
    address = addresses("dealership_detail")
    rows = []
    for at, (item, found) in enumerate(zip(planned, problems, strict=True)):
        dealership = item.dealership
        conditions = chosen.conditions.get(dealership.pk, _usual(dealership))
        rows.append(
            {
                "planned": item,
                "key": str(dealership.pk),
                "name": dealership.name,
                "address": address(dealership.pk),
                "is_list": item.kind == OrderKind.LIST,
                "waiting": overviews[dealership.pk].waiting_of(item.group),
                "problems": found,
                "remarks": [(*_LOOKS[problem.weight], problem.reason) for problem in found],
                "is_first": not at or planned[at - 1].dealership != dealership,
                "is_ticked": chosen.is_ticked(dealership),
                "kind_options": _kind_options(dealership.default_order_kind, item.kind),
                "condition_options": _condition_options(conditions, separate_orders=dealership.separate_orders),
                "needs_entries": any(problem.code == NEEDS_ENTRIES for problem in found),
                "draft": drafts.get(dealership.pk) if item.kind != OrderKind.CAO else None,
            }
        )
    return rows


@cache
def _kind_options(usual: str, chosen: str) -> str:
    """The same for every row with the same choice; the usual kind needs no word in an address."""
    return render_to_string("batches/_kind_options.html", {"kinds": KIND_CHOICES, "usual": usual, "chosen": chosen})


@cache
def _condition_options(chosen: str, *, separate_orders: bool) -> str:
    values = {"chosen": chosen, "separate_orders": separate_orders}
    return render_to_string("batches/_condition_options.html", values)


def _usual(dealership: Dealership) -> str:
    return "apart" if dealership.separate_orders else "all"


def _can_be_prepared(row: dict[str, Any]) -> bool:
    """Whether the order would be made: nothing stops it, and there is something to print."""
    has_vehicles = row["waiting"] > 0 and not row["is_list"]
    return (has_vehicles or bool(row["draft"])) and all(p.weight != Weight.STOPS for p in row["problems"])


def _shown(chosen: Chosen, dealerships: list[Dealership]) -> list[Dealership]:
    """Whom the page lists: all that are chosen; where dealerships are named, all that fit what is searched, too."""
    if chosen.choose == "named":
        words = fold_name(chosen.query)
        fitting = [d for d in dealerships if d.pk in chosen.named or words in fold_name(d.name)]
        return sorted(fitting, key=lambda dealership: dealership.name.casefold())
    today = timezone.localdate()
    found = due_dealerships(today=today) if chosen.choose == "due" else scheduled_dealerships(day=chosen.choose)
    by_id = {dealership.pk: dealership for dealership in dealerships}
    return [by_id[dealership.pk] for dealership in found]


@require_POST
@staff_required
def batch_prepare_again(request: AuthenticatedRequest, pk: int, position: int) -> HttpResponse:
    entry = get_object_or_404(BatchEntry.objects.select_related("dealership"), batch=pk, position=position)
    try:
        entry = prepare_again(entry=entry, confirmed="confirmed" in request.POST, actor=request.user)
    except SilverFoxError as error:
        messages.error(request, error.message)
        return redirect("batch_detail", pk)
    if entry.order_id:
        messages.success(request, f"The order of {entry.dealership} is prepared.")
    else:
        messages.error(request, entry.reason)
    return redirect("batch_detail", pk)
