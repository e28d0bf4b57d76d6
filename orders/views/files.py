"""Released files: only by the public id of their row, only with the released bytes, never kept by a browser."""

from pathlib import PurePosixPath
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from foundation.downloads import download
from foundation.errors import Refused
from foundation.roles import AuthenticatedRequest, staff_required
from foundation.spreadsheet_xlsx import XLSX_TYPE
from orders.models import Artifact
from orders.operations.finding import require_artifact

_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": XLSX_TYPE,
    ".png": "image/png",
    ".json": "application/json",
    ".zip": "application/zip",
}
GONE = 410


@require_safe
@download
def order_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponseBase:
    return _send(request, get_object_or_404(Artifact, public_id=public_id), as_attachment=True)


@require_safe
@staff_required
@cache_control(no_store=True, private=True)
def order_qr(request: AuthenticatedRequest, public_id: UUID) -> HttpResponseBase:
    """A QR image in its page."""
    codes = Artifact.objects.filter(kind=Artifact.Kind.QR)
    return _send(request, get_object_or_404(codes, public_id=public_id), as_attachment=False)


def _send(request: AuthenticatedRequest, artifact: Artifact, *, as_attachment: bool) -> HttpResponseBase:
    try:
        path = require_artifact(artifact=artifact)
    except Refused as error:
        context = {"artifact": artifact, "order": artifact.order, "refusal": error}
        return render(request, "orders/file_lost.html", context, status=GONE)
    name = PurePosixPath(artifact.name)
    return FileResponse(
        path.open("rb"), as_attachment=as_attachment, filename=name.name, content_type=_TYPES[name.suffix.lower()]
    )
