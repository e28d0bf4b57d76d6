"""The end of a reading: is it whole, whose vehicles are they, and may they become the inventory in use."""

import csv
import io
import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from foundation.errors import Refused, SilverFoxError
from inventory.domain.facts import INVENTORY_HEADER, RawFields
from inventory.domain.gates import PARTIAL
from inventory.models import Dataset, InventoryImport
from inventory.operations.importing import activate_import, run_import
from inventory.operations.registering import register_website_import
from jobs import claims
from scrapers.domain.completeness import Completeness, ListPage, judge_completeness
from scrapers.domain.hand_over import DealershipAddress, HandOver, hand_over
from scrapers.domain.rooftops import split_rooftops
from scrapers.domain.shapes import ScrapedVehicle, Site
from scrapers.models import ScrapePage, ScrapeRun, Website
from scrapers.operations.reading import PausedError, UnreadableError

logger = logging.getLogger(__name__)
# An import that another worker reads is looked at again after so many seconds.
_IMPORT_SECONDS = 10
# Vehicles that moved between pages have settled by then.
_REPEAT_SECONDS = 300
_REASON = "website"


def settle_run(*, run: ScrapeRun, token: UUID, website: Website, site: Site) -> None:
    """Hand the vehicles of a finished reading over to the import, and end the run as what came of it.

    A run that was ended behind its hand-over goes on there. Raises `UnreadableError` when there is nothing to hand
    over, `PausedError` when it is to be read once more, and what `claims.fence` raises.
    """
    if run.inventory_import is None and not run.session.is_dry_run:
        _hand_over(run, token, website, site)
    elif run.session.is_dry_run:
        _, completeness, _ = _judged(run, token, site)
        _end(run, token, _state_of(completeness), _words_of(completeness))
        return
    _import_and_end(run, token)


def _hand_over(run: ScrapeRun, token: UUID, website: Website, site: Site) -> None:
    own, completeness, foreign = _judged(run, token, site)
    result = hand_over(own, address_of(website))
    with transaction.atomic():
        locked = claims.fence(run, token)
        locked.inventory_import = register_website_import(
            stream=io.BytesIO(inventory_file(result.rows)),
            source=f"{site.base_url} ({site.platform})",
            collected_at=timezone.now(),
            foreign_rows=foreign,
            is_partial=completeness.is_short,
            notices=[*_notices(completeness, result), *run.warnings],
            actor=run.session.created_by,
        )
        locked.save(update_fields=["inventory_import"])
    run.inventory_import = locked.inventory_import


def _judged(run: ScrapeRun, token: UUID, site: Site) -> tuple[list[ScrapedVehicle], Completeness, int]:
    """The dealership's own vehicles, how whole the reading is, and how many vehicles are of other rooftops."""
    pages = list(run.pages.filter(round=run.round))
    vehicles = [ScrapedVehicle(*texts) for page in pages for texts in page.vehicles]
    vins = {vehicle.vin.strip().upper() for vehicle in vehicles if vehicle.vin.strip()}
    without_vin = sum(not vehicle.vin.strip() for vehicle in vehicles)
    completeness = judge_completeness(map(_list_page, pages), vehicles=len(vins) + without_vin)
    own, others = split_rooftops(vehicles, site.rooftop)
    foreign = len({vehicle.vin for vehicle in others})
    _count(run, token, vehicles=len({v.vin for v in own}), foreign_rows=foreign, reported_total=completeness.declared)
    if completeness.is_short and not run.has_repeated and not run.session.is_dry_run:
        _begin_again(run, token)
        words = f"{completeness.words} Vehicles may have moved between pages; it is read once more."
        raise PausedError(_REPEAT_SECONDS / settings.JOBS_TIME_SCALE, words)
    _refuse_nothing(vehicles, own, site)
    return own, completeness, foreign


def _list_page(page: ScrapePage) -> ListPage:
    return ListPage(
        list_name=page.list_name,
        rows=page.rows,
        total_declared=page.total_declared,
        page_size=page.page_size,
        gone=page.gone,
    )


def _refuse_nothing(vehicles: Sequence[ScrapedVehicle], own: Sequence[ScrapedVehicle], site: Site) -> None:
    if not vehicles:
        words = "The website answered, and lists no vehicle. Look at it in a browser, then probe it. "
        raise UnreadableError("E_EMPTY", f"{words}The inventory in use stays.")
    if not own:
        labels = sorted({vehicle.rooftop for vehicle in vehicles})[:5]
        words = (
            f"None of {len(vehicles):,} vehicles carries the rooftop {site.rooftop.text!r}; the website says "
            f"{', '.join(map(repr, labels))}. Mend the rooftop rule. The inventory in use stays."
        )
        raise UnreadableError("E_ROOFTOP", words)


def _begin_again(run: ScrapeRun, token: UUID) -> None:
    _count(run, token, has_repeated=True, round=run.round + 1, round_started_at=None, vehicles=0)


def _count(run: ScrapeRun, token: UUID, **values: object) -> None:
    if not ScrapeRun.objects.filter(pk=run.pk, token=token).update(**values):
        raise claims.LostLease
    run.refresh_from_db(fields=list(values))


def address_of(website: Website) -> DealershipAddress:
    """What every row of the dealership says of where it is; its name decides the owner of the row."""
    return DealershipAddress(
        street_address=website.street_address,
        locality=website.locality,
        postal_code=website.postal_code,
        region=website.region,
        country=website.country,
        location=website.dealership.name,
    )


def inventory_file(rows: Sequence[RawFields]) -> bytes:
    """The rows in the shop's 21 columns, as the import reads them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(INVENTORY_HEADER)
    writer.writerows(rows)
    return text.getvalue().encode()


def _notices(completeness: Completeness, result: HandOver) -> list[str]:
    """What a person should know of the reading beside its rows."""
    found = [completeness.words] if completeness.is_short or completeness.is_over else []
    if result.dropped_prices:
        count = len(result.dropped_prices)
        found.append(f"{count:,} prices below 40 % of the MSRP were left out: the website shows a discount there.")
    if result.conflicts:
        vins = ", ".join(result.conflicts[:5])
        found.append(f"{len(result.conflicts):,} vehicles stood there twice and differed; the later was kept: {vins}.")
    return found


# Behind the hand-over


def _import_and_end(run: ScrapeRun, token: UUID) -> None:
    inventory_import = run.inventory_import
    if inventory_import is None:
        raise TypeError("A run is imported behind its hand-over only.")
    if inventory_import.status != InventoryImport.Status.DONE:
        _import(inventory_import)
        inventory_import.refresh_from_db()
    else:
        # Whoever imported it may have been lost before the dataset was activated.
        activate_import(
            inventory_import=inventory_import, force=False, actor=inventory_import.created_by, reason=_REASON
        )
    is_partial = PARTIAL in inventory_import.holds
    dataset = inventory_import.datasets.filter(dealership=run.dealership).first()
    if dataset is None:
        words = f"None of {inventory_import.rows_read:,} rows could be imported; the import says why."
        raise UnreadableError("E_NO_ROWS", words)
    _end(run, token, *_outcome(dataset, is_partial=is_partial))


def _import(inventory_import: InventoryImport) -> None:
    try:
        run_import(inventory_import=inventory_import, actor=inventory_import.created_by, reason=_REASON)
    except Refused as refusal:
        # Whoever took it up has it; this run looks at the outcome later.
        raise PausedError(_IMPORT_SECONDS, refusal.message) from refusal
    except SilverFoxError as error:
        raise UnreadableError(error.code, error.message) from error


def _outcome(dataset: Dataset, *, is_partial: bool) -> tuple[str, str]:
    reasons = " ".join(dataset.hold_reasons)
    if is_partial:
        return ScrapeRun.State.PARTIAL, f"{reasons} The inventory in use stays until a manager releases this one."
    if dataset.status == Dataset.Status.ACTIVE:
        return ScrapeRun.State.DONE, ""
    if dataset.status == Dataset.Status.REJECTED:
        words = " ".join(gate["message"] for gate in dataset.gates)
        raise UnreadableError("G_ZERO", words or "The dataset was rejected. The inventory in use stays.")
    return ScrapeRun.State.HELD, f"{reasons} Look at the dataset and release or reject it."


def _state_of(completeness: Completeness) -> str:
    return ScrapeRun.State.PARTIAL if completeness.is_short else ScrapeRun.State.DONE


def _words_of(completeness: Completeness) -> str:
    return f"{completeness.words} Nothing was imported: this was a dry run."


def _end(run: ScrapeRun, token: UUID, state: str, reason: str) -> None:
    with transaction.atomic():
        locked = claims.release(run, token, state, action="finish", detail=reason)
        locked.reason = reason
        locked.save(update_fields=["reason"])
    logger.info("website read", extra={"run_id": run.pk, "state": state, "vehicles": run.vehicles})
