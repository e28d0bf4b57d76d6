"""Texts that attack: whatever sources, users and files bring, pages show it as text and files hold it as text."""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.test import Client

from dealerships.models import Dealership, DealershipAlias, TextRewrite
from inventory.models import InventoryImport
from orders.models import Order
from orders.operations.completing import void_order
from tests.factories import finish_order, import_rows, log_vins, make_dealership, make_order, make_row, make_vehicles
from tests.pages import content_of, sign_in
from tests.scrapers.kept_runs import keep_answer, make_run, make_session, make_website

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert('sf')</script>"
HOSTILE = [
    SCRIPT,
    "\"><img src=x onerror=alert('sf')>",
    "' onmouseover='alert(1)",
    "javascript:alert('sf')",
    "{{7919*7907}}{% debug %}",
    "\u202eevil\u202c",
    '=HYPERLINK("http://evil.example")',
]
MIXED = " ".join(HOSTILE)


class Reader(HTMLParser):
    """What a browser would make of a page: its links, and each thing that only an attack could have put there."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append(f"<{tag} {name}>")
            if name in {"href", "src", "action", "hx-get", "hx-post"} and value:
                if not re.match(r"(/|\?|#|\.|https?://|data:image/)", value):
                    self.faults.append(f"{name}={value}")
                if name == "href" and value.startswith(("/", "?")):
                    self.links.append(value)
        if tag == "script" and not any(name in {"src", "type"} for name, _ in attrs):
            self.faults.append("<script> without a source")
        if tag == "img" and dict(attrs).get("src") == "x":
            self.faults.append("<img src=x>")


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    if "62615533" in page:
        reader.faults.append("a text was run as a template")
    return reader


@pytest.mark.parametrize("text", ["<b onclick=f()>", SCRIPT, HOSTILE[1], "<a href=javascript:f()>", "62615533"])
def test_the_reader_of_this_test_sees_an_attack(text: str) -> None:
    assert len(read(f"<p>{text}</p>").faults) > 0


def hostile_row(number: int, location: str) -> dict[str, str]:
    text = HOSTILE[number % len(HOSTILE)]
    cells = {"Make": text, "Model": MIXED, "Trim": text, "Ext Color": text, "Stock": text[:40], "Body Style": text}
    places = {"Street Address": text, "Locality": text, "Region": text, "Country": text, "Fuel Type": text}
    return make_row(number=number, location=location, **cells, **places)


@pytest.fixture
def order() -> Order:
    """An installation in which every text attacks, with a done order, a void one and one in review."""
    elm = make_dealership(
        name=f"Elm {SCRIPT}", short_code="ELM", file_name="ELM", notes=MIXED, account_status=MIXED[:60]
    )
    DealershipAlias.objects.create(dealership=elm, text=HOSTILE[1])
    TextRewrite.objects.create(dealership=elm, kind="replace", texts=[SCRIPT], replacement=HOSTILE[1], field="trim")
    rows = [hostile_row(number, elm.name) for number in range(1, 6)]
    strange = [make_row(number=7, location=MIXED), make_row(number=8, location=elm.name, Type=MIXED, Status=MIXED)]
    bad = [make_row(number=9, location=elm.name, Vin=SCRIPT), make_row(number=10, location=elm.name, Price=SCRIPT)]
    import_rows(rows=rows + strange + bad)
    InventoryImport.objects.update(source=MIXED[:200], file_name=f"{SCRIPT}.csv")
    log_vins(dealership=elm, vins=["1C4RJFAG0NC000001"], label=MIXED[:90])
    done = finish_order(order=make_order(dealership=elm), order_number=SCRIPT)
    oak = make_dealership(name="Oak Street Motors")
    make_vehicles(dealership=oak, count=2, first=21, Model=MIXED)
    void_order(order=finish_order(order=make_order(dealership=oak)), reason=MIXED, actor=None)
    make_order(dealership=oak)
    hostile_website(elm)
    return done


def hostile_website(dealership: Dealership) -> None:
    """A website whose settings, reasons, warnings, addresses and answers attack."""
    website = make_website(
        dealership=dealership,
        platform="dealeron",
        base_url="https://www.evil.example",
        parameters={SCRIPT: HOSTILE[1]},
        scope={HOSTILE[2]: MIXED},
        status_keys=[HOSTILE[1]],
        extra_hosts=[HOSTILE[3]],
        rooftop_match="contains",
        rooftop_text=MIXED[:200],
        rooftop_source=SCRIPT,
        learned={SCRIPT: SCRIPT},
        robots_override=MIXED,
        permission_note=MIXED,
    )
    session = make_session()
    failed: dict[str, Any] = {"error_code": SCRIPT, "error_text": MIXED, "error_stage": "<b>read", "warnings": HOSTILE}
    for state in ("done", "held", "partial", "cancelled", "failed"):
        run = make_run(website, state=state, session=session, reason=MIXED, **failed)
        address = f"javascript:{MIXED}"
        keep_answer(run, url=address, body=MIXED.encode(), list_name=SCRIPT, warnings=HOSTILE, kind="<b>list")
    InventoryImport.objects.filter(pk=InventoryImport.objects.order_by("pk").values("pk")[:1]).update(notices=HOSTILE)


def crawl(client: Client, visits: int) -> Iterator[tuple[str, Any]]:
    """Every page that links lead to; of addresses that differ by a number or by their question only, `visits`."""
    waiting, seen, visited = ["/", "/audit/", "/admin/", "/search/?q=script"], set[str](), Counter[str]()
    while waiting:
        address = waiting.pop(0).partition("#")[0]
        kind = re.sub(r"\d+", "0", address.partition("?")[0])
        if address in seen or visited[kind] >= visits:
            continue
        seen.add(address)
        visited[kind] += 1
        answer = client.get(address)
        yield address, answer
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            here = address.partition("?")[0]
            links = read(answer.content.decode()).links
            waiting += [f"{here}{link}" if link.startswith("?") else link for link in links]


def hostile_browser() -> Client:
    boss = Client(headers={"Accept": "text/html"})
    boss.force_login(
        User.objects.create_superuser("boss", first_name=SCRIPT, last_name=HOSTILE[1]),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return boss


def test_no_page_runs_a_text_and_no_page_fails(order: Order) -> None:
    assert faults_of(hostile_browser(), visits=3) == {}
    for role in ("manager", "staff"):
        assert faults_of(sign_in(role=role), visits=1) == {}, role


def faults_of(client: Client, *, visits: int) -> dict[str, list[str]]:
    """What is wrong with the pages that a visitor finds, by their addresses."""
    faults, pages = {}, 0
    for address, answer in crawl(client, visits):
        if answer.streaming:
            content_of(answer)
            continue
        if answer.status_code >= 500 or answer.status_code == 404:
            faults[address] = [str(answer.status_code)]
        elif "html" in answer["Content-Type"] and answer.status_code == 200:
            pages += 1
            page = answer.content.decode()
            found = read(page).faults + [text for text in HOSTILE[:2] if text in page]
            if found or "Content-Security-Policy" not in answer:
                faults[address] = found
    assert pages > 16 * visits
    return faults


def test_the_proof_sheet_shows_texts_as_they_are(order: Order) -> None:
    pdf = pypdfium2.PdfDocument(sign_in(role="staff").get(f"/orders/{order.pk}/proof.pdf").content)
    text = " ".join("".join(page.get_textpage().get_text_bounded() for page in pdf).split())
    pdf.close()
    assert SCRIPT in text
    assert "<img src=x" in text
    assert "&lt;" not in text


def test_no_released_file_runs_a_text(order: Order) -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"), backend="django.contrib.auth.backends.ModelBackend")
    package = order.artifacts.get(kind="zip")
    with zipfile.ZipFile(io.BytesIO(content_of(boss.get(f"/orders/files/{package.public_id}/")))) as files:
        assert [name for name in files.namelist() if not re.fullmatch(r"[\w./ -]+", name) or ".." in name] == []
        for name in files.namelist():
            data = files.read(name)
            if name.endswith(".csv"):
                rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
                assert [cell for row in rows[1:] for cell in row if cell.startswith(("=", "+", "-", "@"))] == [], name
            if name.endswith(".json"):
                assert json.loads(data)
    answers = [boss.get(path) for path in ("/billing/month.csv", "/vin-log/export/", "/billing/month.xlsx")]
    lists = [boss.get(path) for path in ("/orders/export.csv", "/vin-log/entries.csv")]
    for answer in (*answers[:2], *lists):
        rows = list(csv.reader(io.StringIO(content_of(answer).decode("utf-8-sig"))))
        assert [cell for row in rows for cell in row if cell.startswith("=")] == []
    workbook = openpyxl.load_workbook(io.BytesIO(answers[2].content))
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value} <= {"s", "n"}
    assert all(
        "\r" not in answer["Content-Disposition"] and "\n" not in answer["Content-Disposition"] for answer in answers
    )
