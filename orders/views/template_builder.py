"""The builder of output templates: columns are written beside real vehicles as they would be printed."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from dealerships.models import Dealership, OutputTemplate
from foundation.errors import SilverFoxError
from foundation.roles import AuthenticatedRequest, manager_required
from orders.domain.output_template_data import MOST_COLUMNS, output_template_from
from orders.domain.output_template_drafts import (
    ColumnDraft,
    ColumnProblem,
    OutputTemplateDraft,
    draft_of,
    judge,
    proposed_code,
)
from orders.domain.output_template_words import filter_palette, placeholder_palette, raw_palette
from orders.forms.output_templates import OutputTemplateForm, posted_columns
from orders.models import OutputTemplateVersion
from orders.operations.output_templates import VersionConflict, newest_version, save_version
from orders.operations.template_listing import uses_of
from orders.operations.template_previewing import PreviewCell, PreviewRow, lots_to_preview, preview_template
from orders.views.answers import status_of
from orders.views.output_templates import comparison, saved_words

_MOVES = {"up": -1, "down": 1}
_ACT = re.compile(r"(up|down|remove)-([1-9][0-9]{0,4})")


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def output_template_new(request: AuthenticatedRequest) -> HttpResponse:
    """A new output template from nothing, or `from` the newest version of another one."""
    if request.method == "POST":
        return _answer(request, None)
    draft = OutputTemplateDraft(columns=(ColumnDraft(1),))
    # Nothing is wrong with what nobody has begun to write.
    said: dict[str, Any] = {"is_blank": True, "problem_count": 0, "columns": [(column, ()) for column in draft.columns]}
    source = _whole(request.GET.get("from", ""))
    if source:
        row = get_object_or_404(OutputTemplate, pk=source)
        version = newest_version(output_template=row)
        if version:
            said = {}
            copied = draft_of(version.as_output_template())
            name = f"{row.name}, copy"[:60]
            draft = OutputTemplateDraft(
                code=proposed_code(name), name=name, columns=copied.columns, options=copied.options
            )
    form = OutputTemplateForm.of_draft(draft, based_on=0, is_new=True)
    return _editor(request, form, draft, None, **said)


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def output_template_edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """The next version of an output template, from its newest one or from the one that the address names."""
    row = get_object_or_404(OutputTemplate, pk=pk)
    newest = newest_version(output_template=row)
    if row.built_in and newest:
        messages.error(request, f"{row} is built in and stays as it is. Clone it and change the copy.")
        return redirect("output_template_detail", row.pk)
    if request.method == "POST":
        return _answer(request, row)
    number = _whole(request.GET.get("version", ""))
    start = get_object_or_404(row.versions.select_related("output_template"), number=number) if number else newest
    blank = OutputTemplateDraft(code=row.code, name=row.name, columns=(ColumnDraft(1),))
    draft = draft_of(start.as_output_template()) if start else blank
    form = OutputTemplateForm.of_draft(draft, based_on=newest.number if newest else 0, is_new=False)
    return _editor(request, form, draft, row)


@require_POST
@manager_required
def output_template_preview(request: AuthenticatedRequest) -> HttpResponse:
    """What is wrong with what is typed, and the vehicles of the chosen lot by it; nothing is written."""
    code = request.POST.get("existing", "")
    row = OutputTemplate.objects.filter(code=code).first() if code else None
    form = OutputTemplateForm(request.POST, is_new=row is None)
    draft = form.draft(posted_columns(request.POST), row=row)
    return render(request, "orders/output_templates/_live.html", {**_live(request.POST, draft, row), "is_part": True})


def _answer(request: AuthenticatedRequest, row: OutputTemplate | None) -> HttpResponse:
    """Do what the pressed button says: save, or change the columns and show the page again."""
    form = OutputTemplateForm(request.POST, is_new=row is None)
    draft = form.draft(posted_columns(request.POST), row=row)
    act = request.POST.get("act", "save")
    if act != "save":
        return _editor(request, form.as_typed(), _changed(draft, act), row)
    judgement = judge(draft)
    if not form.is_valid() or judgement.count:
        return _editor(request, form, draft, row, status=422, is_refused=True)
    return _save(request, form, draft, row)


def _changed(draft: OutputTemplateDraft, act: str) -> OutputTemplateDraft:
    """The draft after a button of the page: add, or up, down and remove of one column."""
    if act == "add" and len(draft.columns) < MOST_COLUMNS:
        return draft.with_column()
    found = _ACT.fullmatch(act)
    if not found:
        return draft
    if found[1] == "remove":
        return draft.without_column(int(found[2]))
    return draft.with_moved_column(int(found[2]), _MOVES[found[1]])


def _save(
    request: AuthenticatedRequest, form: OutputTemplateForm, draft: OutputTemplateDraft, row: OutputTemplate | None
) -> HttpResponse:
    data = form.cleaned_data
    try:
        version, is_new = save_version(
            data=draft.data(), based_on=data["based_on"], is_new=row is None, actor=request.user, note=data["note"]
        )
    except VersionConflict as error:
        return _conflict(request, draft, row, error)
    except SilverFoxError as error:
        form.add_error(_field_of(error, form), error.message)
        return _editor(request, form, draft, row, status=status_of(error))
    if row and row.name != draft.name and not is_new:
        messages.success(request, f"The name is {draft.name} now. {saved_words(version, is_new=False)}")
    else:
        messages.success(request, saved_words(version, is_new=is_new))
    return redirect("output_template_detail", version.output_template_id)


def _field_of(error: SilverFoxError, form: OutputTemplateForm) -> str | None:
    name = {"code_taken": "code", "name_taken": "name"}.get(error.code)
    return name if name in form.fields else None


def _conflict(
    request: AuthenticatedRequest, draft: OutputTemplateDraft, row: OutputTemplate | None, error: VersionConflict
) -> HttpResponse:
    """The page as it was typed, beside the version that somebody else saved; saving again is based on that one."""
    row = row or get_object_or_404(OutputTemplate, code=draft.code)
    versions = row.versions.select_related("output_template", "created_by")
    theirs: OutputTemplateVersion = versions.latest("number")
    data = request.POST.copy()
    data["based_on"] = str(theirs.number)
    typed = output_template_from(draft.data())
    words = {"old_words": f"Version {theirs.number}", "new_words": "Yours"}
    said = {"theirs": theirs, "refusal": error, **words, **comparison(theirs.as_output_template(), typed)}
    form = OutputTemplateForm(data, is_new=False).as_typed()
    return _editor(request, form, draft, row, status=409, **said)


def _editor(
    request: HttpRequest,
    form: OutputTemplateForm,
    draft: OutputTemplateDraft,
    row: OutputTemplate | None,
    *,
    status: int = 200,
    **said: Any,
) -> HttpResponse:
    lots = lots_to_preview()
    data = request.POST if request.method == "POST" else request.GET
    lot = _lot(data, lots, row)
    context = {
        **_live(data, draft, row, lot=lot),
        "form": form,
        "row": row,
        "next_number": _whole(str(form["based_on"].value())) + 1,
        "lots": lots,
        "lot": lot,
        "placeholders": placeholder_palette(),
        "raw_placeholders": raw_palette(),
        "filters": filter_palette(),
        "blank": ColumnDraft(0),
        **said,
    }
    return render(request, "orders/output_templates/editor.html", context, status=status)


def _lot(data: QueryDict, lots: list[tuple[Dealership, int]], row: OutputTemplate | None) -> Dealership | None:
    """The dealership whose vehicles are shown: the chosen one, else one that prints by it, else one with vehicles."""
    chosen = data.get("dealership", "")
    by_pk = {str(dealership.pk): dealership for dealership, _ in lots}
    if chosen in by_pk:
        return by_pk[chosen]
    stocked = [dealership for dealership, vehicles in lots if vehicles]
    users = {use.dealership for use in uses_of(output_template=row)} if row else set()
    return next((lot for lot in stocked if lot in users), None) or next(iter(stocked or by_pk.values()), None)


def _whole(text: str) -> int:
    """The number that the text is; 0 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _live(
    data: QueryDict, draft: OutputTemplateDraft, row: OutputTemplate | None, *, lot: Dealership | None = None
) -> dict[str, Any]:
    """Problems by column and the rendered rows; a column with a problem has no cells."""
    judgement = judge(draft)
    problems, template = judgement.problems, judgement.template
    lot = lot or _lot(data, lots_to_preview(), row)
    preview = preview_template(template=template, dealership=lot) if lot and template else None
    return {
        "columns": [(column, problems.get(column.key, ())) for column in draft.columns],
        "problem_count": judgement.count,
        "fault": judgement.fault,
        "preview": preview,
        "lot": lot,
        "rows": [(line, _cells(draft, problems, line)) for line in preview.rows] if preview else [],
    }


def _cells(
    draft: OutputTemplateDraft, problems: Mapping[int, tuple[ColumnProblem, ...]], line: PreviewRow
) -> list[PreviewCell | None]:
    """A cell for each column, None for one that cannot be printed."""
    cells = iter(line.cells)
    return [None if column.key in problems else next(cells) for column in draft.columns]
