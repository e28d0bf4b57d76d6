"""For diagnosis: the pages of a run, and what a website answered, as text and never as a page."""

from dataclasses import replace
from unicodedata import category

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from foundation.downloads import download
from foundation.errors import BadInput
from foundation.roles import AuthenticatedRequest, staff_required
from scrapers.domain.shapes import Answer
from scrapers.files import Snapshot, open_snapshot, snapshot_path
from scrapers.models import ScrapePage, ScrapeRun
from scrapers.operations.sessions import seconds_of

PAGES_SHOWN = 100
MOST_SHOWN_BYTES = 100_000
GONE = 410
_NO_LETTER = "\N{REPLACEMENT CHARACTER}"


@require_safe
@staff_required
def website_run(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One run with every answer that was kept, in the order in which it came."""
    run = get_object_or_404(
        ScrapeRun.objects.select_related("dealership__website", "session", "inventory_import"), pk=pk
    )
    pages = run.pages.defer("vehicles")
    context = {
        "run": run,
        "seconds": seconds_of(run),
        "page": Paginator(pages, PAGES_SHOWN).get_page(request.GET.get("page")),
        "dataset": run.inventory_import and run.inventory_import.datasets.filter(dealership=run.dealership_id).first(),
    }
    return render(request, "scrapers/run.html", context)


def _get(pk: int, number: int) -> ScrapePage:
    pages = ScrapePage.objects.select_related("run__dealership__website", "run__session")
    return get_object_or_404(pages, run=pk, number=number)


@require_safe
@staff_required
@cache_control(no_store=True, private=True)
def website_page(request: AuthenticatedRequest, pk: int, number: int) -> HttpResponse:
    """What a website answered, as text, cut off where it gets long."""
    page = _get(pk, number)
    try:
        snapshot = _snapshot(page)
    except BadInput as error:
        return _gone(request, page, error)
    body = snapshot.answer.body
    context = {
        "page": page,
        "snapshot": snapshot,
        "body": _printable(snapshot.answer),
        "shown": min(len(body), MOST_SHOWN_BYTES),
        "size": len(body),
    }
    return render(request, "scrapers/page.html", context)


def _snapshot(page: ScrapePage) -> Snapshot:
    if not page.snapshot:
        raise BadInput("This answer is no longer kept: kept pages are removed with time.", code="E_SNAPSHOT")
    return open_snapshot(page.snapshot)


def _printable(answer: Answer) -> str:
    """The beginning of the body as text, without characters that steer a terminal or turn the writing round."""
    beginning = replace(answer, body=answer.body[:MOST_SHOWN_BYTES]).text().replace("\r\n", "\n")
    return "".join(letter if letter in "\n\t" or category(letter)[0] != "C" else _NO_LETTER for letter in beginning)


def _gone(request: HttpRequest, page: ScrapePage, error: BadInput) -> HttpResponse:
    return render(request, "scrapers/page.html", {"page": page, "error": error}, status=GONE)


@require_safe
@download
def website_page_file(request: AuthenticatedRequest, pk: int, number: int) -> HttpResponseBase:
    """The kept answer as it lies on disk: gzip, one line of JSON about it, then the body."""
    page = _get(pk, number)
    try:
        _snapshot(page)
    except BadInput as error:
        return _gone(request, page, error)
    name = f"run_{pk}_page_{number}.snapshot.gz"
    file = snapshot_path(page.snapshot).open("rb")
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/gzip")
