"""Every address for every kind of visitor: the table of `access_table.py` against the running pages."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from dealerships.models import OutputTemplate
from inventory.models import Dataset
from jobs.models import Job
from orders.models import Artifact, Order
from orders.operations.batch_planning import Choice
from orders.operations.batching import run_batch
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.pages import HTMX, content_of, sign_in
from tests.scrapers.kept_runs import keep_answer, make_run, make_website
from tests.silverfox.access_table import AREAS, IDENTITIES, NO, PAGES, SIGNED_OUT, TABLES, Page, table_page

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
METHODS = ("GET", "POST")
Addresses = dict[str, str]
PAGES_OF_ROWS = (
    "/orders/0/", "/orders/0/review/", "/dealerships/0/", "/imports/0/", "/datasets/0/", "/websites/0/",
    "/websites/sessions/0/", "/websites/runs/0/", "/websites/runs/0/pages/1/", "/websites/runs/1/pages/0/",
)  # fmt: skip


def url_names(patterns: Iterable[Any] = (), namespace: str = "") -> Iterator[str]:
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from url_names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{namespace}{pattern.name}"


def table_of(name: str) -> str:
    """The table that an address of the admin is about; empty for the admin's own pages and all others."""
    return next((table for table in TABLES if name not in PAGES and name.startswith(f"admin:{table}_")), "")


def visitor(identity: str) -> Client:
    if identity in {"viewer", "staff", "manager"}:
        return sign_in(role=identity)
    client = Client()
    if identity != "anonymous":
        user = User.objects.create_user(identity, is_superuser=identity == "superuser")
        client.force_login(user, backend=BACKEND)
        if identity == "inactive":
            User.objects.filter(pk=user.pk).update(is_active=False)
    return client


@pytest.fixture
def visitors() -> dict[str, Client]:
    return {identity: visitor(identity) for identity in IDENTITIES}


@pytest.fixture
def places() -> dict[str, list[Any]]:
    return make_places()


def make_places() -> dict[str, list[Any]]:
    """The arguments of the addresses by the names that the table uses."""
    elm, oak = make_dealership(), make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=elm, count=2)
    make_vehicles(dealership=oak, count=2, first=11)
    order, done = make_order(dealership=elm), finish_order(order=make_order(dealership=oak), order_number="91001")
    ash = make_dealership(name="Ash Motors", default_order_kind="cao")
    make_vehicles(dealership=ash, count=1, first=21)
    batch = run_batch(choice=Choice("by name", (ash,)))
    dataset = Dataset.objects.active().get(dealership=elm)
    website = make_website(name="Pine Motors")
    run = make_run(website, state="running")
    keep_answer(run)
    return {
        "": [],
        "nothing": [999_999],
        "key": [uuid4()],
        "dealership": [elm.pk],
        "order": [order.pk],
        "done": [done.pk],
        "line": [order.pk, 1],
        "vehicle": [order.lines.all()[0].vin],
        "order event": [order.pk, order.events.all()[0].pk],
        "csv": [Artifact.objects.get(order=done, kind="csv").public_id],
        "qr": [Artifact.objects.filter(order=done, kind="qr")[0].public_id],
        "batch": [batch.pk],
        "batch entry": [batch.pk, 1],
        "dataset": [dataset.pk],
        "import": [dataset.inventory_import_id],
        "output template": [OutputTemplate.objects.get(code="shortcut").pk],
        "website": [website.pk],
        "scrape session": [run.session_id],
        "scrape run": [run.pk],
        "scrape page": [run.pk, 1],
        "job": [Job.objects.create(kind="verify_artifacts").pk],
        "guide": ["staff"],
        "app": ["dealerships"],
        "site object": [1, 1],
    }


def answer(client: Client, method: str, address: str) -> int:
    """The status of the answer; what the request changed is taken back."""
    cookies = client.cookies.output()
    with transaction.atomic():
        given = client.post(address, {"nothing": "useful"}) if method == "POST" else client.generic(method, address)
        if given.streaming:
            content_of(given)
        transaction.set_rollback(True)
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return int(given.status_code)


def expected(page: Page, identity: str, method: str, *, role_first: bool) -> int:
    """Signing in comes first; then our pages look at the method and the role, the admin the other way round."""
    known = page.get if method == "GET" else page.post
    if identity in SIGNED_OUT and page.area != "open":
        return 302
    if identity in AREAS[page.area] or (known == NO and not role_first):
        return known
    return 403


def wrong(pages: dict[str, tuple[str, Page]], visitors: dict[str, Client]) -> str:
    """A line for each answer that differs from the table, with address, identity and method."""
    found = []
    for name, (address, page) in pages.items():
        for identity, client in visitors.items():
            for method in METHODS:
                wanted = expected(page, identity, method, role_first=name.startswith("admin:"))
                got = answer(client, method, address)
                if wanted != got:
                    found.append(f"{name} {address} {identity} {method}: {got} instead of {wanted}")
    return "\n".join(found)


def test_every_address_has_its_line_in_the_table() -> None:
    names = set(url_names())
    assert {name for name in names if name not in PAGES and not table_of(name)} == set()
    assert set(PAGES) - names == set()
    assert set(TABLES) - {table_of(name) for name in names} == set()


def test_every_page_answers_every_visitor_as_the_table_says(
    visitors: dict[str, Client], places: dict[str, list[Any]]
) -> None:
    pages = {name: (reverse(name, args=places[page.at]), page) for name, page in PAGES.items()}
    assert wrong(pages, visitors).splitlines() == []


def test_every_table_of_the_admin_answers_every_visitor_as_the_table_says(visitors: dict[str, Client]) -> None:
    pages = {}
    for name in url_names():
        if table := table_of(name):
            kind = name.removeprefix(f"admin:{table}_")
            arguments = {"changelist": [], "add": [], "simple_history": [999_999, 999_999]}.get(kind, [999_999])
            pages[name] = reverse(name, args=arguments), table_page(TABLES[table], kind)
    assert wrong(pages, visitors).splitlines() == []


def test_nobody_can_change_anything_without_the_token_of_the_page(places: dict[str, list[Any]]) -> None:
    boss = Client(enforce_csrf_checks=True)
    boss.force_login(User.objects.create_superuser("boss"), backend=BACKEND)
    changing = {
        name: boss.post(reverse(name, args=places[page.at])).status_code
        for name, page in PAGES.items()
        if page.post != NO and not name.startswith("admin:")
    }
    assert changing == dict.fromkeys(changing, 403)
    assert Order.objects.filter(pk=places["order"][0], state="review").exists()


def test_no_address_knows_another_method(places: dict[str, list[Any]]) -> None:
    boss = visitor("superuser")
    for client in (boss, Client()):
        found = {
            (name, method): client.generic(method, reverse(name, args=places[page.at])).status_code
            for name, page in PAGES.items()
            for method in ("PUT", "PATCH", "DELETE", "TRACE")
        }
        assert found == dict.fromkeys(found, 405)


def test_a_form_that_was_too_old_loads_its_page_again() -> None:
    boss = Client(enforce_csrf_checks=True)
    boss.force_login(User.objects.create_superuser("boss"), backend=BACKEND)
    here = {"HX-Current-URL": "http://testserver/orders/?state=done"}
    assert boss.post("/orders/new/", headers=HTMX | here)["HX-Redirect"] == "/orders/?state=done"
    assert "too old" in boss.post("/orders/new/").content.decode()


def test_a_part_of_a_page_leaves_its_page_and_lets_it_ask_for_the_password() -> None:
    answer = Client().get("/orders/1/progress/", headers=HTMX)
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("http://testserver/orders/7/review/?show=all", "/orders/7/review/?show=all"),
        ("http://evil.example/orders/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_who_sends_a_form_without_being_signed_in_comes_back_to_the_page_of_the_form(address: str, page: str) -> None:
    answer = Client().post("/orders/7/complete/", headers={"Referer": address})
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?{urlencode({'next': page}, safe='/')}")


def test_files_are_found_by_their_secret_id_and_nothing_else(places: dict[str, list[Any]]) -> None:
    staff, order = sign_in(role="staff"), places["done"][0]
    names = [str(uuid4()), str(order), "1", "..%2f..%2fsecret_key", "%00", "../secret_key", "x" * 300, "CON"]
    assert [staff.get(f"/orders/files/{name}/").status_code for name in names] == [404] * len(names)
    csv = Artifact.objects.get(public_id=places["csv"][0])
    assert staff.get(f"/orders/qr/{csv.public_id}/").status_code == 404


@pytest.mark.parametrize("pk", ["999999", "9" * 30, "-1", "1%00", "%2e%2e", "\u0661", "1'--"])
def test_what_is_not_there_is_not_found(pk: str) -> None:
    staff = sign_in(role="staff")
    found = {path: staff.get(path.replace("0", pk)).status_code for path in PAGES_OF_ROWS}
    assert found == dict.fromkeys(found, 404)


def test_a_line_is_found_below_its_own_order_only(places: dict[str, list[Any]]) -> None:
    staff, (order, seq) = sign_in(role="staff"), places["line"]
    other = places["done"][0]
    assert staff.get(f"/orders/{order}/lines/{seq}/").status_code == 200
    assert staff.get(f"/orders/{order}/lines/99/").status_code == 404
    assert staff.post(f"/orders/{other}/lines/{seq}/edit/", {"version": 1, "trim": "X"}).status_code in {409, 422, 423}
