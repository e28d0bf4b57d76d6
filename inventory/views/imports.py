"""Imports in the browser: upload, follow, account for every row, mend, read again, take back."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.confirmation import password_confirmed
from foundation.downloads import download
from foundation.errors import Refused, SilverFoxError
from foundation.rate_limits import uploads_limited
from foundation.roles import AuthenticatedRequest, manager_required, staff_required
from foundation.spreadsheet_csv import spreadsheet_csv
from inventory.forms import ReasonForm, UploadForm
from inventory.models import Dataset, InventoryImport, UnmatchedName
from inventory.operations.checking import check_import
from inventory.operations.mending import rejected_rows
from inventory.operations.queueing import is_in_progress, queue_import, reread_import
from inventory.operations.returning import possible_returns, take_back_import
from inventory.views.account import PROBLEMS_PER_PAGE, find_import, render_import

IMPORTS_PER_PAGE = 50
STOP_POLLING = 286
GONE = 410
PROBLEM_COLUMNS = ("Row", "Column", "Value", "Code", "Message", "Dealership")


@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """Every import, newest first."""
    imports = (
        InventoryImport.objects.select_related("created_by")
        .annotate(
            dealerships=Count("datasets"),
            held=Count("datasets", filter=Q(datasets__status=Dataset.Status.HELD)),
            has_open_names=Exists(UnmatchedName.objects.open().filter(inventory_import=OuterRef("pk"))),
        )
        .order_by("-id")
    )
    page = Paginator(imports, IMPORTS_PER_PAGE).get_page(request.GET.get("page"))
    held = Dataset.objects.held().select_related("dealership").order_by("id")
    return render(request, "inventory/import_list.html", {"page": page, "held": held})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@uploads_limited
def import_upload(request: AuthenticatedRequest) -> HttpResponse:
    """Take a file and have a worker read it, or only tell what that would do."""
    if request.method != "POST":
        return render(request, "inventory/import_upload.html", {"form": UploadForm()})
    form, earlier = UploadForm(request.POST, request.FILES), None
    if form.is_valid():
        try:
            return _take(request, form)
        except SilverFoxError as error:
            form.add_error("file", error.message)
            earlier = error.detail.get("already_imported")
    return render(request, "inventory/import_upload.html", {"form": form, "earlier": earlier}, status=422)


def _take(request: AuthenticatedRequest, form: UploadForm) -> HttpResponse:
    file, source = form.cleaned_data["file"], form.cleaned_data["source"]
    if "check" not in request.POST:
        item = queue_import(stream=file, file_name=file.name, source=source, actor=request.user)
        return redirect("import_detail", item.pk)
    result = check_import(stream=file, file_name=file.name, source=source, actor=request.user)
    context = {"result": result, "file_name": file.name, "problems": result["problems"][:PROBLEMS_PER_PAGE]}
    return render(request, "inventory/import_check.html", context)


@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of every row of an import, and what still waits for somebody."""
    return render_import(request, find_import(pk))


@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """What the import's page asks every two seconds; the answer at the end has it loaded again."""
    inventory_import = find_import(pk)
    if is_in_progress(inventory_import=inventory_import, now=timezone.now()):
        return render(request, "inventory/import_progress.html", {"import": inventory_import})
    return HttpResponse(status=STOP_POLLING, headers={"HX-Refresh": "true"})


@require_safe
def import_problems(request: HttpRequest, pk: int) -> HttpResponse:
    """The problems of an import as a file for a spreadsheet."""
    problems = find_import(pk).problems.values_list(
        "row_number", "column", "value", "code", "message", "dealership__name"
    )
    rows: list[Sequence[str]] = [PROBLEM_COLUMNS]
    rows += [[str(cell or "") for cell in row] for row in problems.iterator(chunk_size=2000)]
    return _csv(rows, f"import_{pk}_problems.csv")


@require_safe
@download
def import_rejected(request: AuthenticatedRequest, pk: int) -> HttpResponseBase:
    """The rejected rows as they stand in the file, each with its number and the reason, to be mended and uploaded."""
    inventory_import = find_import(pk)
    try:
        rows = list(rejected_rows(inventory_import=inventory_import))
    except SilverFoxError as error:
        return render_import(request, inventory_import, errors={"problems": [error.message]}, status=GONE)
    return _csv(rows, f"import_{pk}_rejected_rows.csv")


def _csv(rows: Sequence[Sequence[str]], name: str) -> HttpResponse:
    return HttpResponse(
        spreadsheet_csv(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_POST
@staff_required
def import_reread(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Have the kept file read again, with the names and mappings of today."""
    try:
        again = reread_import(inventory_import=find_import(pk), actor=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("import_detail", pk)
    return redirect("import_detail", again.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
@password_confirmed(when=lambda request, **_: request.method == "POST")
def import_take_back(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Use again what an import replaced, at every dealership; asked once, with what would change."""
    inventory_import = find_import(pk)
    initial = {"reason": f"Went back from import {pk}, {inventory_import.source}"[:500]}
    form = ReasonForm(request.POST if request.method == "POST" else None, initial=initial)
    error = ""
    if form.is_valid():
        try:
            done = take_back_import(
                inventory_import=inventory_import, actor=request.user, reason=form.cleaned_data["reason"]
            )
        except Refused as refusal:
            error = refusal.message
        else:
            coming, going = sum(each.coming for each in done), sum(each.going for each in done)
            places = f"{len(done):,} {'dealership uses' if len(done) == 1 else 'dealerships use'}"
            messages.success(
                request,
                f"{places} the inventory from before import {pk} again: {coming:,} vehicles came back, {going:,} left.",
            )
            return redirect("import_detail", pk)
    context = {
        "import": inventory_import,
        "returns": possible_returns(inventory_import=inventory_import),
        "form": form,
        "error": error,
    }
    status = 409 if error else 422 if form.errors else 200
    return render(request, "inventory/import_take_back.html", context, status=status)
