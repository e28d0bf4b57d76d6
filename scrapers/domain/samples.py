"""Reading one saved answer of a website, without asking it for anything."""

from typing import NamedTuple

from inventory.domain.facts import RawFields
from scrapers.domain.hand_over import DealershipAddress, hand_over
from scrapers.domain.rooftops import split_rooftops
from scrapers.domain.shapes import Adapter, Answer, Page, Request, RooftopRule, ScrapedVehicle, Site

_BASE_URL = "https://www.example.com"
_NO_ADDRESS = DealershipAddress(location="", country="")


class Sample(NamedTuple):
    """What a saved answer tells: its page, the rows for an import, and how many vehicles stand at other rooftops."""

    page: Page
    rows: tuple[RawFields, ...]
    other_rooftops: int


def read_sample(adapter: Adapter, body: bytes, rule: RooftopRule) -> Sample:
    """Read a saved answer as the adapter does in a run; the website's address is taken to be www.example.com.

    Vehicles that further pages complete are given as far as this answer tells them. Raises `CannotReadError`.
    """
    site = Site(platform=adapter.PLATFORM, base_url=_BASE_URL, rooftop=rule)
    answer = Answer(status=200, url=site.url("/"), body=body)
    page = adapter.parse(site, Request(kind=adapter.kind_of(answer.text()), url=answer.url), answer)
    own, others = split_rooftops([*page.vehicles, *half_read(page)], rule)
    return Sample(page, hand_over(own, _NO_ADDRESS).rows, len(others))


def half_read(page: Page) -> list[ScrapedVehicle]:
    """The vehicles of a list that further requests complete, as far as the list tells them."""
    return [ScrapedVehicle(*request.note["vehicle"]) for request in page.next_requests if "vehicle" in request.note]
