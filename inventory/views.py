"""The pages of imports and datasets: what arrived, what became of every row, and who decides about a dataset."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dealerships.models import Dealership
from dealerships.operations import attach_name
from foundation.confirmation import password_confirmed
from foundation.errors import BadInput, Refused, SilverFoxError
from foundation.rate_limits import uploads_limited
from foundation.roles import MANAGER, STAFF, AuthenticatedRequest, has_role, staff_required
from foundation.spreadsheet_csv import spreadsheet_csv
from inventory.forms import AttachForm, IgnoreForm, ReasonForm, UploadForm
from inventory.models import (
    CONDITION_CHOICES,
    LOT_STATUS_CHOICES,
    Dataset,
    IgnoredName,
    ImportProblem,
    InventoryImport,
    UnmatchedName,
)
from inventory.operations.activation import activate_dataset, is_stale, reject_dataset, role_to_decide
from inventory.operations.checking import check_import
from inventory.operations.comparing import compare_with_active
from inventory.operations.ignoring import ignore_name, stop_ignoring
from inventory.operations.mapping import meanings_of
from inventory.operations.queueing import is_in_progress, queue_import, reread_import

IMPORTS_PER_PAGE = 50
PROBLEMS_PER_PAGE = 100
STOP_POLLING = 286
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
    return _render_import(request, _find_import(pk))


def _find_import(pk: int) -> InventoryImport:
    return get_object_or_404(InventoryImport.objects.select_related("created_by", "reread_of"), pk=pk)


def _render_import(
    request: HttpRequest, inventory_import: InventoryImport, attach: AttachForm | None = None, status: int = 200
) -> HttpResponse:
    problems = inventory_import.problems.select_related("dealership")
    code = request.GET.get("code", "")
    page = Paginator(problems.filter(code=code) if code else problems, PROBLEMS_PER_PAGE)
    unmapped = list(inventory_import.unmapped_texts.all())
    meanings = meanings_of(texts=[(item.column, item.text) for item in unmapped])
    unmatched = list(inventory_import.unmatched_names.all())
    ignored = IgnoredName.objects.select_related("created_by").filter(folded__in=[name.folded for name in unmatched])
    ignored_by_name = {name.folded: name for name in ignored}
    words = {str(value): word for value, word in [*CONDITION_CHOICES, *LOT_STATUS_CHOICES]}
    context = {
        "import": inventory_import,
        "in_progress": is_in_progress(inventory_import=inventory_import, now=timezone.now()),
        "datasets": inventory_import.datasets.select_related("dealership").order_by("dealership__name"),
        "unmatched": [(item, ignored_by_name.get(item.folded)) for item in unmatched],
        "unmapped": [(item, words.get(meanings.get((item.column, item.text), ""))) for item in unmapped],
        "codes": problems.order_by().values_list("code").annotate(rows=Count("id")).order_by("code"),
        "code": code,
        "page": page.get_page(request.GET.get("page")),
        "rereads": inventory_import.rereads.order_by("-id"),
        "dealerships": Dealership.objects.only("name"),
        "attach": attach,
    }
    return render(request, "inventory/import_detail.html", context, status=status)


@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """What the import's page asks every two seconds; the answer at the end has it loaded again."""
    inventory_import = _find_import(pk)
    if is_in_progress(inventory_import=inventory_import, now=timezone.now()):
        return render(request, "inventory/import_progress.html", {"import": inventory_import})
    return HttpResponse(status=STOP_POLLING, headers={"HX-Refresh": "true"})


@require_safe
def import_problems(request: HttpRequest, pk: int) -> HttpResponse:
    """The problems of an import as a file for a spreadsheet."""
    problems = _find_import(pk).problems.values_list(
        "row_number", "column", "value", "code", "message", "dealership__name"
    )
    rows: list[Sequence[str]] = [PROBLEM_COLUMNS]
    rows += [[str(cell or "") for cell in row] for row in problems.iterator(chunk_size=2000)]
    return HttpResponse(
        spreadsheet_csv(rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="import_{pk}_problems.csv"',
            "Cache-Control": "no-store",
        },
    )


@require_POST
@staff_required
def import_attach(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let a dealership answer to a name that this import did not know."""
    inventory_import = _find_import(pk)
    form = AttachForm(request.POST)
    if form.is_valid():
        dealership, name = form.cleaned_data["dealership"], form.cleaned_data["name"]
        try:
            attach_name(dealership=dealership, text=name)
        except BadInput as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{name} is attached to {dealership}. Read the file again to take its rows in.")
            return redirect("import_detail", pk)
    return _render_import(request, inventory_import, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
def ignored_names(request: AuthenticatedRequest) -> HttpResponse:
    """The dealership names whose rows wait for nobody, and the form that adds one."""
    form = IgnoreForm(request.POST or None, initial={"name": request.GET.get("name", "")})
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            ignore_name(text=name, reason=form.cleaned_data["reason"], actor=request.user)
        except SilverFoxError as error:
            form.add_error("name", error.message)
        else:
            messages.success(request, f"{name or '(blank)'} is ignored; its rows wait for nobody.")
            return redirect("ignored_names")
    page = Paginator(IgnoredName.objects.select_related("created_by"), IMPORTS_PER_PAGE)
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


@require_POST
@staff_required
def import_reread(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Have the kept file read again, with the names and mappings of today."""
    try:
        again = reread_import(inventory_import=_find_import(pk), actor=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("import_detail", pk)
    return redirect("import_detail", again.pk)


@require_safe
def import_dataset(request: HttpRequest, pk: int) -> HttpResponse:
    """One dataset beside the one in use, with what may be decided about it."""
    return _render_dataset(request, _find_dataset(pk))


def _find_dataset(pk: int) -> Dataset:
    return get_object_or_404(Dataset.objects.select_related("dealership", "inventory_import"), pk=pk)


def _render_dataset(request: HttpRequest, dataset: Dataset, *, error: str = "", status: int = 200) -> HttpResponse:
    role = role_to_decide(dataset=dataset)
    problems = ImportProblem.objects.filter(
        inventory_import=dataset.inventory_import_id, dealership=dataset.dealership_id
    )
    context = {
        "dataset": dataset,
        "is_stale": is_stale(dataset=dataset, now=timezone.now()),
        "comparison": compare_with_active(dataset=dataset),
        "codes": problems.values_list("code").annotate(rows=Count("id")).order_by("code"),
        "events": dataset.events.select_related("actor"),
        "is_open": dataset.status in {Dataset.Status.STAGED, Dataset.Status.HELD, Dataset.Status.ARCHIVED},
        "may_reject": dataset.status in {Dataset.Status.HELD, Dataset.Status.STAGED},
        "may_decide": has_role(request.user, role),
        "needs_manager": role == MANAGER,
        "form": ReasonForm(request.POST if request.method == "POST" else None),
        "error": error,
    }
    return render(request, "inventory/dataset.html", context, status=status)


def _is_for_managers(request: AuthenticatedRequest, pk: int) -> bool:
    return has_role(request.user, MANAGER) and role_to_decide(dataset=_find_dataset(pk)) == MANAGER


@require_POST
@staff_required
@password_confirmed(when=_is_for_managers)
def dataset_activate(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Make a staged, held or archived dataset the one in use."""
    dataset = _find_dataset(pk)
    form = _decision(request, dataset)
    if not form.is_valid():
        return _render_dataset(request, dataset, status=422)
    try:
        activate_dataset(
            dataset=dataset,
            force=True,
            as_role=MANAGER if has_role(request.user, MANAGER) else STAFF,
            actor=request.user,
            reason=form.cleaned_data["reason"],
        )
    except Refused as refusal:
        return _render_dataset(request, dataset, error=refusal.message, status=409)
    messages.success(request, f"{dataset.dealership} now uses dataset {pk} with {dataset.rows_accepted:,} vehicles.")
    return redirect("import_dataset", pk)


@require_POST
@staff_required
def dataset_reject(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Refuse a staged or held dataset for good."""
    dataset = _find_dataset(pk)
    form = _decision(request, dataset)
    if not form.is_valid():
        return _render_dataset(request, dataset, status=422)
    try:
        reject_dataset(dataset=dataset, actor=request.user, reason=form.cleaned_data["reason"])
    except Refused as refusal:
        return _render_dataset(request, dataset, error=refusal.message, status=409)
    messages.success(request, f"Dataset {pk} of {dataset.dealership} is rejected; the inventory in use stays.")
    return redirect("import_dataset", pk)


def _decision(request: AuthenticatedRequest, dataset: Dataset) -> ReasonForm:
    if not has_role(request.user, role_to_decide(dataset=dataset)):
        raise PermissionDenied
    return ReasonForm(request.POST)
