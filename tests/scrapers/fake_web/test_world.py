"""The invented lots: the same every time, with real gaps, and a little different every day."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from inventory.domain.vin import has_valid_check_digit, is_vin, model_years
from scrapers.fake_web.lots import Lot, find_lot, load_lots
from scrapers.fake_web.vehicles import Vehicle
from scrapers.fake_web.web import FakeWeb
from scrapers.fake_web.world import World, is_elsewhere
from tests.scrapers.fake_web.walking import ask

MEDIANS = {
    "columbiabmw.com": 183, "bommaritowestcounty.com": 168, "columbiahonda.com": 300, "pundmannford.com": 509,
    "auffenberghyundai.com": 562, "twincitytoyota.com": 13, "stehouwerauto.com": 44, "jaguarranchomirage.com": 165,
}  # fmt: skip
WORLD = World()


def every_vehicle(world: World = WORLD) -> list[Vehicle]:
    return [vehicle for lot in load_lots() for vehicle in world.own(lot) + world.siblings(lot)]


def test_there_are_forty_sites_of_the_real_size() -> None:
    assert len(load_lots()) == 40
    assert len({lot.domain for lot in load_lots()}) == 40
    assert {domain: len(WORLD.own(find_lot(domain))) for domain in MEDIANS} == MEDIANS
    assert sum(len(WORLD.own(lot)) for lot in load_lots()) == pytest.approx(10_711, rel=0.03)


@pytest.mark.parametrize(
    ("domain", "listed", "own"),
    [("bommaritowestcounty.com", 671, 168), ("columbiabmw.com", 601, 183), ("rustydrewingcadillac.com", 562, 38)],
)
def test_a_group_lists_its_siblings_beside_the_own_rooftop(domain: str, listed: int, own: int) -> None:
    lot = find_lot(domain)

    labels = Counter(vehicle.rooftop for vehicle in WORLD.listed_here(lot))

    assert sum(labels.values()) == listed
    assert labels[lot.label] == own
    assert len(labels) > 2


def test_the_same_seed_and_day_give_the_same_bytes() -> None:
    paths = [(lot.host, "/sitemap.xml") for lot in load_lots()] + [("www.hwkia.com", "/inventory-new.json")]
    first, again, other = FakeWeb(seed=7, day=3), FakeWeb(seed=7, day=3), FakeWeb(seed=8, day=3)

    bodies = [[ask(web, *path).body for path in paths] for web in (first, again, other)]

    assert bodies[0] == bodies[1]
    differing = [a for a, b in zip(bodies[0], bodies[2], strict=True) if a != b]
    # The first address of a Team Velocity site names its other sitemaps, which are called the same for every seed.
    assert len(differing) == len(paths) - sum(lot.platform == "teamvelocity" for lot in load_lots())


def test_every_vin_is_unique_and_all_but_the_temporary_ones_are_valid() -> None:
    vehicles = every_vehicle()
    on_two_sites = 12
    final = [vehicle for vehicle in vehicles if not vehicle.final_vin]

    assert len({vehicle.vin for vehicle in vehicles}) == len(vehicles) - on_two_sites
    assert all(is_vin(v.vin) and has_valid_check_digit(v.vin) and v.year in model_years(v.vin) for v in final)


def test_toyota_and_lexus_vehicles_in_the_factory_have_temporary_vins() -> None:
    temporary = [vehicle for vehicle in every_vehicle() if vehicle.final_vin]

    assert {vehicle.make for vehicle in temporary} == {"Toyota", "Lexus"}
    assert all(not is_vin(v.vin) and set(v.vin) & set("IOQ") and v.stock for v in temporary)
    assert all(v.state == "in_production" and v.since is None for v in temporary)


def test_the_gaps_have_their_real_shares() -> None:
    vehicles = [vehicle for lot in load_lots() for vehicle in WORLD.own(lot)]

    def share(name: str) -> float:
        return sum(not getattr(vehicle, name) for vehicle in vehicles) / len(vehicles)

    assert share("stock") == pytest.approx(0.109, abs=0.03)
    assert share("fuel") == pytest.approx(0.172, abs=0.04)
    assert share("body") == pytest.approx(0.034, abs=0.01)
    assert share("since") == pytest.approx(0.21, abs=0.09)
    assert 0.02 < sum(bool(vehicle.odd) for vehicle in vehicles) / len(vehicles) < 0.06


def test_two_rancho_mirage_sites_list_the_same_cars() -> None:
    both = [{v.vin for v in WORLD.own(find_lot(f"{make}ranchomirage.com"))} for make in ("jaguar", "landrover")]

    assert len(both[0] & both[1]) == 12


def test_used_chevrolets_stand_on_the_sister_site() -> None:
    chevrolet, cadillac = (find_lot(f"rustydrewing{name}.com") for name in ("chevroletbuickgmc", "cadillac"))
    away = {vehicle.vin for vehicle in WORLD.own(chevrolet) if is_elsewhere(chevrolet, vehicle)}

    assert len(away) == 152
    assert away <= {vehicle.vin for vehicle in WORLD.listed_here(cadillac)}
    assert not away & {vehicle.vin for vehicle in WORLD.listed_here(chevrolet)}


@pytest.fixture(scope="module")
def days() -> list[dict[int, Vehicle]]:
    """The vehicles of eight websites on six days, by their number."""
    lots: list[Lot] = [lot for lot in load_lots() if lot.domain in MEDIANS]
    worlds = [replace(WORLD, day=day) for day in range(6)]
    return [{1000 * lot.number + v.number * 100_000: v for lot in lots for v in world.own(lot)} for world in worlds]


def test_one_day_sells_four_per_cent_and_brings_as_many(days: list[dict[int, Vehicle]]) -> None:
    for before, after in pairwise(days):
        assert 0.02 < len(before.keys() - after.keys()) / len(before) < 0.06
        assert len(after.keys() - before.keys()) / len(before) == pytest.approx(0.04, abs=0.01)


def test_one_day_changes_two_per_cent_of_the_prices(days: list[dict[int, Vehicle]]) -> None:
    stayed = [(a, b) for before, after in pairwise(days) for n, a in before.items() if (b := after.get(n))]

    assert sum(a.price != b.price for a, b in stayed) / len(stayed) == pytest.approx(0.02, abs=0.01)


def test_vehicles_in_transit_reach_the_lot_and_no_vehicle_goes_back() -> None:
    order = ["allocated", "in_production", "in_transit", "on_lot"]
    spirit = find_lot("spiritlexus.com")
    days = [{v.number: v for v in replace(WORLD, day=day).own(spirit)} for day in range(12)]
    stayed = [(a, b) for before, after in pairwise(days) for n, a in before.items() if (b := after.get(n))]
    moved = [(a, b) for a, b in stayed if a.state != b.state]

    assert {(a.state, b.state) for a, b in moved} >= {("in_transit", "on_lot"), ("in_production", "in_transit")}
    assert all(order.index(a.state) < order.index(b.state) for a, b in moved)


def test_a_temporary_vin_becomes_final_and_keeps_its_stock_number() -> None:
    pappas = find_lot("pappastoyota.com")
    days = [{v.number: v for v in replace(WORLD, day=day).own(pappas)} for day in range(25)]
    became = [
        (a, b) for c, d in pairwise(days) for n, a in c.items() if a.final_vin and (b := d.get(n)) and is_vin(b.vin)
    ]

    assert became
    assert all(b.vin == a.final_vin and b.stock == a.stock and has_valid_check_digit(b.vin) for a, b in became)


def test_the_scale_multiplies_every_lot() -> None:
    small = World(scale=0.1)

    assert len(small.own(find_lot("pundmannford.com"))) == 51
    assert len(small.siblings(find_lot("bommaritowestcounty.com"))) == 50
    assert len(small.own(find_lot("twincitytoyota.com"))) == 1
