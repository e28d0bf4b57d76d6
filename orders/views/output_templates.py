"""The pages of output templates: which there are, what one prints, how its versions differ, and its JSON file."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from dealerships.models import OutputTemplate
from foundation.downloads import download
from foundation.errors import BadInput, Refused, SilverFoxError
from foundation.roles import AuthenticatedRequest, manager_required
from orders.domain.output_template_changes import changed_columns, changed_options
from orders.domain.output_template_data import read_json
from orders.domain.output_template_words import option_text, option_words, set_options
from orders.domain.output_templates import OutputTemplate as TypedOutputTemplate
from orders.forms.output_templates import OutputTemplateFileForm
from orders.models import OutputTemplateVersion
from orders.operations.output_templates import (
    export_output_template,
    restore_output_template,
    retire_output_template,
    save_version,
)
from orders.operations.template_listing import list_output_templates, uses_of
from orders.views.answers import status_of


@require_safe
def output_template_list(request: HttpRequest) -> HttpResponse:
    """The output templates in use, or the retired ones."""
    shows_retired = request.GET.get("show") == "retired"
    rows = list_output_templates(retired=shows_retired)
    return render(request, "orders/output_templates/list.html", {"rows": rows, "shows_retired": shows_retired})


@require_safe
def output_template_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(OutputTemplate, pk=pk))


def _page(request: HttpRequest, row: OutputTemplate, *, status: int = 200, **said: Any) -> HttpResponse:
    """One output template by its newest version, or by the one that the address names."""
    versions = list(row.versions.select_related("created_by").order_by("-number"))
    version = _chosen(versions, request.GET.get("version", "")) if versions else None
    typed = _typed(version, row) if version else None
    context = {
        "row": row,
        "versions": versions,
        "newest": versions[0] if versions else None,
        "version": version,
        "columns": typed.columns if typed else (),
        "options": set_options(typed.options) if typed else [],
        "uses": uses_of(output_template=row),
        **said,
    }
    return render(request, "orders/output_templates/detail.html", context, status=status)


def _chosen(versions: list[OutputTemplateVersion], number: str) -> OutputTemplateVersion:
    """The version with that number, the newest for no number; another number is not found."""
    if not number:
        return versions[0]
    chosen = [version for version in versions if str(version.number) == number]
    if not chosen:
        raise Http404(f"There is no version {number}.")
    return chosen[0]


def _typed(version: OutputTemplateVersion, row: OutputTemplate) -> TypedOutputTemplate:
    version.output_template = row
    return version.as_output_template()


@require_safe
def output_template_compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions side by side; without numbers the newest and the one before it."""
    row = get_object_or_404(OutputTemplate, pk=pk)
    versions = list(row.versions.order_by("-number"))
    if not versions:
        raise Http404(f"{row} has no version yet.")
    new = _chosen(versions, request.GET.get("new", ""))
    before = versions[min(1, len(versions) - 1)]
    old = _chosen(versions, request.GET["old"]) if request.GET.get("old") else before
    context = {
        "row": row,
        "versions": versions,
        "old": old,
        "new": new,
        "old_words": f"Version {old.number}",
        "new_words": f"Version {new.number}",
        **comparison(_typed(old, row), _typed(new, row)),
    }
    return render(request, "orders/output_templates/compare.html", context)


def comparison(old: TypedOutputTemplate, new: TypedOutputTemplate) -> dict[str, Any]:
    """What `_comparison.html` shows."""
    changes = changed_columns(old, new)
    options = [
        (option_words(change.name), option_text(change.old), option_text(change.new))
        for change in changed_options(old.options, new.options)
    ]
    return {
        "changes": changes,
        "difference_count": sum(bool(change.words) for change in changes),
        "option_changes": options,
    }


@require_safe
@download
def output_template_export(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The newest version as a JSON file that imports as the same."""
    row = get_object_or_404(OutputTemplate, pk=pk)
    try:
        data = export_output_template(code=row.code)
    except Refused as error:
        return _page(request, row, status=status_of(error), refusal=error)
    disposition = content_disposition_header(as_attachment=True, filename=f"{row.code}.json") or "attachment"
    return HttpResponse(
        json.dumps(data, indent=2) + "\n",
        content_type="application/json",
        headers={"Content-Disposition": disposition},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def output_template_import(request: AuthenticatedRequest) -> HttpResponse:
    """Add the output template of a JSON file, or a new version of the one with its code."""
    form = OutputTemplateFileForm(request.POST, request.FILES) if request.method == "POST" else OutputTemplateFileForm()
    if form.is_bound and form.is_valid():
        try:
            data = read_json(form.cleaned_data["file"].read())
            version, is_new = save_version(data=data, actor=request.user, note=form.cleaned_data["note"])
        except SilverFoxError as error:
            form.add_error("file", error.message)
        else:
            messages.success(request, saved_words(version, is_new=is_new))
            return redirect("output_template_detail", version.output_template_id)
    status = 422 if form.is_bound else 200
    return render(request, "orders/output_templates/import.html", {"form": form}, status=status)


def saved_words(version: OutputTemplateVersion, *, is_new: bool) -> str:
    if is_new:
        return f"{version.output_template} version {version.number} is saved. Orders prepared from now on use it."
    return f"The columns and options are those of version {version.number}: no new version was made."


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def output_template_retire(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask, then take the output template out of every choice; one in use is refused with its dealerships."""
    row = get_object_or_404(OutputTemplate, pk=pk)
    if request.method != "POST":
        context = {"row": row, "uses": uses_of(output_template=row)}
        return render(request, "orders/output_templates/retire.html", context)
    try:
        retire_output_template(output_template=row, actor=request.user)
    except (BadInput, Refused) as error:
        return _page(request, row, status=status_of(error), refusal=error)
    messages.success(request, f"{row} is retired: no dealership can choose it. Its versions and orders stay.")
    return redirect("output_template_detail", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def output_template_restore(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Ask, then offer a retired output template again."""
    row = get_object_or_404(OutputTemplate, pk=pk)
    if request.method != "POST":
        return render(request, "orders/output_templates/restore.html", {"row": row})
    restore_output_template(output_template=row, actor=request.user)
    messages.success(request, f"{row} is back: dealerships can choose it again.")
    return redirect("output_template_detail", row.pk)
