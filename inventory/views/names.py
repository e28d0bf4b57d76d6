"""Dealership names that an import did not know: attached to a dealership, or ignored with a reason."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from dealerships.models import DealershipAlias
from dealerships.operations import attach_names, detach_name
from foundation.errors import BadInput, Refused, SilverFoxError
from foundation.roles import AuthenticatedRequest, staff_required
from inventory.forms import IgnoreForm
from inventory.models import IgnoredName, InventoryImport
from inventory.operations.ignoring import ignore_name, stop_ignoring
from inventory.operations.queueing import reread_import
from inventory.views.account import chosen_in, find_import, keys_in, render_import

NAMES_PER_PAGE = 50
CHOSEN = "dealership-"


@require_POST
@staff_required
def import_attach(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let dealerships answer to names that this import did not know, and read its file again if that is asked for."""
    inventory_import = find_import(pk)
    try:
        aliases = attach_names(names=_chosen(request, inventory_import))
    except BadInput as error:
        return render_import(request, inventory_import, errors={"names": [error.message]}, status=422)
    undo = f"{reverse('import_detach', args=[pk])}?{urlencode({'alias': [alias.pk for alias in aliases]}, doseq=True)}"
    done = ", ".join(f"{alias} is attached to {alias.dealership}" for alias in aliases[:3])
    more = f" and {len(aliases) - 3:,} more" if len(aliases) > 3 else ""
    if "reread" not in request.POST:
        messages.success(request, f"{done}{more}. Read the file again to take its rows in.", extra_tags=undo)
        return redirect("import_detail", pk)
    try:
        again = reread_import(inventory_import=inventory_import, actor=request.user)
    except Refused as refusal:
        messages.success(request, f"{done}{more}.", extra_tags=undo)
        messages.error(request, refusal.message)
        return redirect("import_detail", pk)
    messages.success(request, f"{done}{more}. The file is read again.", extra_tags=undo)
    return redirect("import_detail", again.pk)


def _chosen(request: AuthenticatedRequest, inventory_import: InventoryImport) -> dict[str, str]:
    """The typed dealership by unmatched name. Raises `BadInput` when none was typed."""
    typed = chosen_in(request, CHOSEN)
    names = inventory_import.unmatched_names.exclude(folded="").filter(pk__in=typed)
    chosen = {item.name: typed[item.pk] for item in names}
    if not chosen:
        raise BadInput("No dealership was chosen. Type one beside the name that means it.")
    return chosen


@require_POST
@staff_required
def import_detach(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take back what was attached; rows that were read under the name meanwhile stay where they are."""
    pks = keys_in(request.GET.getlist("alias"))
    aliases = list(DealershipAlias.objects.select_related("dealership").filter(pk__in=pks))
    try:
        for alias in aliases:
            detach_name(alias=alias, actor=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("import_detail", pk)
    if aliases:
        words = ", ".join(f"{alias} is no longer a name of {alias.dealership}" for alias in aliases[:3])
        messages.success(request, f"{words}. Inventory that was read under it stays until another one is imported.")
    else:
        messages.error(request, "Somebody detached that name already; nothing was changed.")
    return redirect("import_detail", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def ignored_names(request: AuthenticatedRequest) -> HttpResponse:
    """The dealership names whose rows wait for nobody, and the form that adds one."""
    initial = {"name": request.GET.get("name", ""), "inventory_import": request.GET.get("import", "")}
    form = IgnoreForm(request.POST or None, initial=initial)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            ignored = ignore_name(text=name, reason=form.cleaned_data["reason"], actor=request.user)
        except SilverFoxError as error:
            form.add_error("name", error.message)
        else:
            undo = reverse("ignored_name_undo", args=[ignored.pk])
            messages.success(request, f"{ignored} is ignored; its rows wait for nobody.", extra_tags=undo)
            came_from = form.cleaned_data["inventory_import"]
            return redirect("import_detail", came_from) if came_from else redirect("ignored_names")
    page = Paginator(IgnoredName.objects.select_related("created_by"), NAMES_PER_PAGE)
    context = {"form": form, "page": page.get_page(request.GET.get("page"))}
    return render(request, "inventory/ignored_names.html", context, status=422 if form.errors else 200)


@require_POST
@staff_required
def ignored_name_undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let the rows of a name wait for somebody again."""
    ignored_name = get_object_or_404(IgnoredName, pk=pk)
    stop_ignoring(ignored_name=ignored_name, actor=request.user)
    messages.success(request, f"{ignored_name} is no longer ignored. Attach it on the page of an import.")
    return redirect("ignored_names")
