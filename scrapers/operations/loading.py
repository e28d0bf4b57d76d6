"""The shipped table of websites is merged into the configuration, never imposed on it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from dealerships.models import Dealership
from foundation.errors import BadInput
from scrapers.domain.adapters import ADAPTERS
from scrapers.domain.sites import SiteRow, SiteTableError, read_sites
from scrapers.models import Website

SHIPPED_TABLE = Path(__file__).parents[1] / "data" / "sites.csv"


@dataclass
class LoadResult:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


def load_websites(*, path: Path = SHIPPED_TABLE) -> LoadResult:
    """Create or update websites from the table at `path`; a second run changes nothing.

    A field is updated only while it still holds what the table gave it before, so a manager's change stays. A new
    website is off until it was probed. Raises `BadInput` for a file that cannot be read or used, or that names a
    dealership which does not exist; then nothing is changed.
    """
    rows = _read_rows(path)
    with transaction.atomic():
        dealerships = _by_name()
        known = {website.dealership_id: website for website in Website.objects.select_for_update()}
        result = LoadResult()
        for row in rows:
            dealership = dealerships.get(row.dealership)
            if dealership is None:
                words = f"Row {row.number}, column dealership: there is no {row.dealership!r}. Load dealerships first."
                raise BadInput(words)
            _load_row(row, dealership, known.get(dealership.pk), result)
    return result


def _by_name() -> dict[str, Dealership]:
    """Dealerships by their names, and by those that the shipped table knows them by: a manager may have renamed one."""
    found = list(Dealership.objects.all())
    shipped = {dealership.loaded_values["name"]: dealership for dealership in found if dealership.loaded_values}
    return {dealership.name: dealership for dealership in found} | shipped


def _read_rows(path: Path) -> list[SiteRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_sites(lines, platforms=sorted(ADAPTERS))
    except OSError as error:
        raise BadInput(f"The table {path} cannot be read: {error.strerror}. Name an existing CSV file.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The table {path} is not UTF-8 text. Save it as CSV UTF-8.") from error
    except SiteTableError as error:
        raise BadInput(str(error)) from error


def _load_row(row: SiteRow, dealership: Dealership, website: Website | None, result: LoadResult) -> None:
    values = _values(row)
    if website is None:
        # The table's rooftop rules were compared with real inventories by those who wrote it.
        created = Website(dealership=dealership, rooftop_confirmed=True, loaded_values=values, **values)
        _save(created, row)
        result.created += 1
    elif website.loaded_values == values:
        result.unchanged += 1
    else:
        for name, value in values.items():
            if getattr(website, name) == website.loaded_values.get(name):
                setattr(website, name, value)
        website.loaded_values = values
        _save(website, row)
        result.updated += 1


def _values(row: SiteRow) -> dict[str, Any]:
    """What the table says, by the names of the fields and in JSON's types."""
    address = row.address
    return {
        "platform": row.platform,
        "base_url": row.base_url,
        "parameters": dict(row.parameters),
        "scope": dict(row.scope),
        "rooftop_match": row.rooftop.match.value,
        "rooftop_text": row.rooftop.text,
        "rooftop_source": row.rooftop.source,
        "status_keys": list(row.status_keys),
        "page_size": row.page_size,
        "extra_hosts": list(row.extra_hosts),
        "street_address": address.street_address,
        "locality": address.locality,
        "postal_code": address.postal_code,
        "region": address.region,
        "country": address.country,
    }


def _save(website: Website, row: SiteRow) -> None:
    try:
        website.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise BadInput(f"Row {row.number} ({row.dealership}), {field}: {messages[0]}") from error
    website.save()
