"""Wordings that an import did not know: what they mean is chosen on its page and counts at once."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from foundation.errors import BadInput
from foundation.roles import AuthenticatedRequest, staff_required
from inventory.models import InventoryImport
from inventory.operations.mapping import MEANINGS, explain_texts, forget_texts
from inventory.views.account import chosen_in, find_import, keys_in, render_import

CHOSEN = "meaning-"


@require_POST
@staff_required
def import_explain(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Store what the chosen wordings mean and read the current vehicles anew."""
    inventory_import = find_import(pk)
    try:
        done = explain_texts(meanings=_chosen(request, inventory_import), actor=request.user)
    except BadInput as error:
        return render_import(request, inventory_import, errors={"wordings": [error.message]}, status=422)
    undo = f"{reverse('import_forget', args=[pk])}?{urlencode(done.mappings, doseq=True)}"
    words = f"{done.count:,} wording{'' if done.count == 1 else 's'} explained"
    messages.success(request, f"{words}; {_vehicles(done.vehicles)} read anew.", extra_tags=undo)
    return redirect("import_detail", pk)


def _vehicles(count: int) -> str:
    return (
        f"{count:,} vehicle{' of the current inventories was' if count == 1 else 's of the current inventories were'}"
    )


def _chosen(request: AuthenticatedRequest, inventory_import: InventoryImport) -> dict[tuple[str, str], str]:
    """The chosen meaning by column and text. Raises `BadInput` when none was chosen."""
    typed = chosen_in(request, CHOSEN)
    texts = inventory_import.unmapped_texts.filter(pk__in=typed, column__in=MEANINGS)
    chosen = {(item.column, item.text): typed[item.pk] for item in texts}
    if not chosen:
        raise BadInput("No meaning was chosen. Choose one beside the wording that you know.")
    return chosen


@require_POST
@staff_required
def import_forget(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take back what was chosen."""
    chosen = {column: keys_in(values) for column, values in request.GET.lists() if column in MEANINGS}
    done = forget_texts(mappings=chosen, actor=request.user)
    if done.count:
        words = f"{done.count:,} wording{' is' if done.count == 1 else 's are'} unknown again"
        messages.success(request, f"{words}; {_vehicles(done.vehicles)} read anew.")
    else:
        messages.error(request, "Somebody took that back already; nothing was changed.")
    return redirect("import_detail", pk)
