"""The pages of the VIN log: what was printed for whom, and how a log file is read into it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_http_methods, require_safe

from dealerships.models import Dealership
from foundation.downloads import download
from foundation.errors import BadInput
from foundation.rate_limits import uploads_limited
from foundation.roles import AuthenticatedRequest, staff_required
from foundation.spreadsheet_csv import one_line, stream_spreadsheet_csv
from foundation.widgets import LongSelect
from inventory.files import delete_upload, open_upload, store_upload
from orders.models import VinLogEntry
from orders.operations.log_listing import LogQuestion, entry_cells, find_entries
from orders.operations.vin_logs import LogImport, export_vin_log, export_vin_logs, import_vin_log

ENTRIES_PER_PAGE = 100
ROWS_PER_PAGE = 200
_SALT = "kept VIN log"
_CSV_TYPE = "text/csv; charset=utf-8"


class LogFileForm(forms.Form):
    dealership = forms.ModelChoiceField(
        Dealership.objects.all(),
        empty_label="Choose",
        error_messages={"required": "Choose the dealership."},
        widget=LongSelect,
    )
    file = forms.FileField(
        label="VIN log file",
        help_text="CSV of any layout: orders and VINs, several lists side by side, or VINs alone.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty. Choose another one."},
    )


@dataclass(frozen=True)
class KeptLog:
    """An uploaded log on its way from the form to the preview and to the confirmation."""

    dealership: Dealership
    stored_name: str
    file_name: str
    columns: tuple[int, int] | None = None

    def token(self, columns: tuple[int, int] | None = None) -> str:
        return signing.dumps([self.dealership.pk, self.stored_name, self.file_name, columns], salt=_SALT)

    def read(self, *, dry_run: bool, actor: Any = None) -> LogImport:
        with open_upload(self.stored_name) as stream:
            data = stream.read()
        return import_vin_log(
            dealership=self.dealership,
            data=data,
            file_name=self.file_name,
            columns=self.columns,
            dry_run=dry_run,
            actor=actor,
        )


def kept_log(token: str) -> KeptLog:
    try:
        pk, stored_name, file_name, columns = signing.loads(token, salt=_SALT)
    except signing.BadSignature as error:
        raise Http404 from error
    return KeptLog(get_object_or_404(Dealership, pk=pk), stored_name, file_name, tuple(columns) if columns else None)


class LogFilters(forms.Form):
    """What the page of the log can be asked for, beside the text."""

    dealership = forms.ModelChoiceField(Dealership.objects.all(), required=False, empty_label="All", widget=LongSelect)
    force = forms.ChoiceField(label="State", choices=[("", "All"), ("yes", "In force"), ("no", "Void")], required=False)
    source = forms.ChoiceField(choices=[("", "All"), *VinLogEntry.Source.choices], required=False)


@require_safe
def vin_log_list(request: HttpRequest) -> HttpResponse:
    """Every print that the logs tell of, newest first, by dealership, VIN, label, force and source."""
    form, question = _question(request)
    page = Paginator(find_entries(question=question), ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "dealership": question.dealership,
        "query": question.text,
        "is_filtered": question.asks,
        "has_entries": bool(page.object_list) or VinLogEntry.objects.exists(),
    }
    return render(request, "orders/vin_log/list.html", context)


def _question(request: HttpRequest) -> tuple[LogFilters, LogQuestion]:
    """What the address asks for; a choice that the page never offered asks for nothing."""
    form = LogFilters(request.GET)
    form.is_valid()
    force = form.cleaned_data.get("force", "")
    return form, LogQuestion(
        dealership=form.cleaned_data.get("dealership") or _chosen_dealership(request),
        text=one_line(request.GET.get("q", "")),
        is_void={"yes": False, "no": True}.get(force),
        source=form.cleaned_data.get("source", ""),
    )


def _chosen_dealership(request: HttpRequest) -> Dealership | None:
    text = request.GET.get("dealership", "")
    return get_object_or_404(Dealership, pk=text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required
@uploads_limited
def vin_log_import(request: AuthenticatedRequest) -> HttpResponse:
    """Take a log file, show what would become of every row, and store it after a yes."""
    if request.method == "POST":
        return _store(request) if "kept" in request.POST else _keep(request)
    if "kept" in request.GET:
        return _preview(request, kept_log(request.GET["kept"]))
    form = LogFileForm(initial={"dealership": _chosen_dealership(request)})
    return render(request, "orders/vin_log/import.html", {"form": form})


def _keep(request: AuthenticatedRequest) -> HttpResponse:
    form = LogFileForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = store_upload(file)
        except BadInput as error:
            form.add_error("file", error.message)
        else:
            kept = KeptLog(form.cleaned_data["dealership"], upload.name, file.name)
            return redirect(f"{reverse('vin_log_import')}?{urlencode({'kept': kept.token()})}")
    return render(request, "orders/vin_log/import.html", {"form": form}, status=422)


def _preview(request: HttpRequest, kept: KeptLog) -> HttpResponse:
    try:
        result = kept.read(dry_run=True)
    except BadInput as error:
        return _refused(request, kept, error)
    rows = Paginator(_verdicts(result), ROWS_PER_PAGE)
    lists = [(item, kept.token((item.label_column, item.vin_column))) for item in result.parsed.lists]
    context = {
        "kept": kept,
        "token": kept.token(kept.columns),
        "account": result.document(),
        "lists": lists,
        "every_list": kept.token(),
        "page": rows.get_page(request.GET.get("page")),
    }
    return render(request, "orders/vin_log/preview.html", context)


def _verdicts(result: LogImport) -> list[dict[str, Any]]:
    """What would become of each row that is not blank, in the order of the sheet."""
    warnings = {(warning.row_number, warning.value.strip().upper()): warning for warning in result.parsed.warnings}
    rows: list[dict[str, Any]] = [
        {
            "row": entry.row_number,
            "entry": entry,
            "is_new": is_new,
            "warning": warnings.get((entry.row_number, entry.vin)),
        }
        for is_new, entries in ((True, result.new), (False, result.already))
        for entry in entries
    ]
    rows += [{"row": problem.row_number, "problem": problem} for problem in result.parsed.problems]
    return sorted(rows, key=lambda row: row["row"])


def _store(request: AuthenticatedRequest) -> HttpResponse:
    kept = kept_log(request.POST["kept"])
    try:
        account = kept.read(dry_run=False, actor=request.user).document()
    except BadInput as error:
        return _refused(request, kept, error)
    delete_upload(kept.stored_name)
    added, already = account["entries_added"], account["already_logged"]
    messages.success(request, f"{added:,} entries added at {kept.dealership}; {already:,} were logged already.")
    return redirect(f"{reverse('vin_log_list')}?dealership={kept.dealership.pk}")


def _refused(request: HttpRequest, kept: KeptLog, error: BadInput) -> HttpResponse:
    form = LogFileForm({"dealership": kept.dealership.pk})
    form.errors["file"] = form.error_class([error.message])
    return render(request, "orders/vin_log/import.html", {"form": form}, status=422)


@require_safe
@download
def vin_log_export(request: AuthenticatedRequest) -> HttpResponse:
    """The entries in force of one dealership, or of all, as a file that imports as the same entries."""
    dealership = _chosen_dealership(request)
    if dealership:
        text, _ = export_vin_log(dealership=dealership)
    else:
        text, _ = export_vin_logs(dealerships=Dealership.objects.all())
    return HttpResponse(text, content_type=_CSV_TYPE, headers=_named("VINLOG", dealership))


@require_safe
@download
def vin_log_list_export(request: AuthenticatedRequest) -> HttpResponseBase:
    """The filtered entries with all that is known of them, void ones too, as a file for a spreadsheet."""
    _, question = _question(request)
    pieces = stream_spreadsheet_csv(entry_cells(question=question))
    headers = _named("VINLOG_entries", question.dealership)
    return StreamingHttpResponse(pieces, content_type=_CSV_TYPE, headers=headers)


def _named(what: str, dealership: Dealership | None) -> dict[str, str]:
    name = f"{dealership.file_name if dealership else 'all'}_{what}_{timezone.localdate():%Y-%m-%d}.csv"
    return {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or "attachment"}
