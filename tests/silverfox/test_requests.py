"""What every request carries into logs and events, and what every answer carries back."""

import json
import logging
import re

import pytest
from django.test import Client
from pytest_django import Settings

from foundation import context
from foundation.models import AuditEntry
from silverfox.json_log import JsonFormatter
from tests.pages import sign_in
from tests.silverfox.installation import throw_away_installation

pytestmark = pytest.mark.django_db


def test_an_answer_carries_the_id_that_the_proxy_gave_the_request() -> None:
    assert Client().get("/healthz", headers={"X-Request-ID": "edge-12345678"})["X-Request-ID"] == "edge-12345678"


@pytest.mark.parametrize("text", ["", "short", "a" * 65, "two\r\nlines-12345", "<script>alert(1)</script>"])
def test_an_id_that_may_not_stand_in_a_log_is_replaced(text: str) -> None:
    given = Client().get("/healthz", headers={"X-Request-ID": text})["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", given)


def test_pages_are_kept_by_no_browser_and_no_cache() -> None:
    staff = sign_in(role="staff")
    for path in ("/", "/orders/", "/admin/", "/nowhere/", "/accounts/login/", "/healthz"):
        assert "no-store" in staff.get(path)["Cache-Control"], path


def test_no_answer_tells_what_it_runs_on() -> None:
    answer = sign_in(role="staff").get("/")
    assert {"Server", "X-Powered-By", "Via"} & set(answer.headers) == set()


def test_log_records_carry_the_facts_of_the_work_and_no_secrets() -> None:
    record = logging.LogRecord("orders.x", logging.INFO, "x", 1, "order done", (), None)
    record.__dict__.update(password="hunter2", order_id=7)
    with context.bound(request_id="r-1", user_id=3, address=""):
        entry = json.loads(JsonFormatter().format(record))
    outside = json.loads(JsonFormatter().format(record))
    facts = {name: entry.get(name) for name in ("request_id", "user_id", "order_id", "address", "password")}
    assert facts == {"request_id": "r-1", "user_id": 3, "order_id": 7, "address": None, "password": "[removed]"}
    assert "request_id" not in outside


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "<script>", "127.0.0.1"),
        (1, "fe80::1%eth0", "127.0.0.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_what_a_trusted_proxy_wrote(settings: Settings, proxies: int, header: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    sign_in(role="viewer").get("/imports/upload/", headers={"X-Forwarded-For": header})
    assert [entry.address for entry in AuditEntry.objects.filter(action="access.refused")] == [address]


ASK = """
import django; django.setup()
from django.test import Client
for path in ("/", "/accounts/login/", "/healthz"):
    client = Client(raise_request_exception=False)
    if path == "/":
        client.cookies["sessionid"] = "s" * 32
    answer = client.get(path, headers={"X-Request-ID": "asked-1234"})
    print(path, answer.status_code, answer.headers.get("Retry-After"), b"cannot be reached" in answer.content,
          "Content-Security-Policy" in answer.headers)
"""


def test_without_its_database_pages_say_so_and_health_stays() -> None:
    with throw_away_installation() as installation:
        installation.manage("collectstatic", "--no-input")
        logs = installation.var_dir / "logs"
        done = installation.python(
            "-c",
            ASK,
            DATABASE_URL="postgresql://nobody@127.0.0.1:1/silverfox",
            SECRET_KEY="k" * 50,
            ALLOWED_HOSTS="testserver",
            DJANGO_SETTINGS_MODULE="silverfox.settings",
            LOG_DIR=str(logs),
        )
        requests = [json.loads(line) for line in (logs / "web_gui.log").read_text().splitlines()]
    assert done.stdout.splitlines() == [
        "/ 503 10 True True",
        "/accounts/login/ 200 None False True",
        "/healthz 200 None False True",
    ]
    ours = [entry for entry in requests if entry["logger"] == "silverfox.requests"]
    assert [(entry["path"], entry["status"], entry["request_id"]) for entry in ours] == [
        ("/", 503, "asked-1234"),
        ("/accounts/login/", 200, "asked-1234"),
        ("/healthz", 200, "asked-1234"),
    ]


@pytest.mark.parametrize("length", [str(27 * 1024 * 1024), "-1", "many"])
def test_a_body_that_is_too_large_is_refused_before_it_is_read(length: str) -> None:
    answer = sign_in(role="staff").post("/imports/upload/", CONTENT_LENGTH=length)
    assert (answer.status_code, "larger than 25 MB" in answer.content.decode()) == (413, True)


def test_a_form_of_endless_fields_is_refused() -> None:
    staff = sign_in(role="staff")
    fields = {f"field{number}": "x" for number in range(1001)}
    assert staff.post("/orders/new/", fields).status_code == 400
    assert staff.post("/orders/new/", {"entries": "x" * 3_000_000}).status_code == 400
