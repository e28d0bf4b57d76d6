"""The VIN log in the browser: find, preview, import, export."""

import csv
import io
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dealerships.models import Dealership
from foundation.confirmation import CONFIRMED_AT
from orders.models import VinLogEntry, VinLogImport
from orders.operations.vin_logs import import_vin_log
from orders.operations.voiding import void_log_entries
from tests.factories import finish_order, log_vins, make_dealership, make_order, make_vehicles, make_vin
from tests.pages import content_of, part, sign_in, words

pytestmark = pytest.mark.django_db
PAGE = "/vin-log/"
IMPORT = "/vin-log/import/"
VINS = [make_vin(number=number) for number in range(1, 6)]


@pytest.fixture
def viewer() -> Client:
    return sign_in(role="viewer")


def send(client: Client, dealership: Dealership, text: str | bytes) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return client.post(IMPORT, {"dealership": dealership.pk, "file": SimpleUploadedFile("log.csv", content)})


def log_text(*vins: str, label: str = "44109") -> str:
    return "\r\n".join(["ORDER,VIN", *(f"{'' if at else label},{vin}" for at, vin in enumerate(vins))])


def token_of(answer: Any) -> str:
    return str(parse_qs(urlsplit(answer["Location"]).query)["kept"][0])


def rows_of(page: Any) -> list[str]:
    """The markup of each row of the page's table."""
    text = str(page.content.decode())
    begin = text.index("<tbody>")
    return re.findall(r"<tr[ >].*?</tr>", text[begin : text.index("</tbody>", begin)], flags=re.DOTALL)


# Finding


def test_entries_are_listed_newest_first_with_their_order(viewer: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:1], label="baseline 1.24")
    make_vehicles(dealership=elm, count=2, first=10)
    order = finish_order(order=make_order(dealership=elm), order_number="45182")
    page = viewer.get(PAGE)
    assert "3 entries, newest first." in words(page)
    newest, _, oldest = rows_of(page)
    assert f'<a href="{reverse("order_detail", args=[order.pk])}">45182</a>' in newest
    assert ["CAO" in row for row in (newest, oldest)] == [True, False]
    assert ["Baseline" in row for row in (newest, oldest)] == [False, True]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": VINS[0][-6:].lower()}, 1),
        ({"q": VINS[0]}, 1),
        ({"q": "44109"}, 2),
        ({"q": "zebra"}, 0),
        ({"q": "%"}, 0),
        ({}, 3),
    ],
)
def test_entries_are_found_by_vin_its_end_or_the_order(query: dict[str, str], found: int, viewer: Client) -> None:
    elm, oak = make_dealership(), make_dealership(name="Oak Hill Cars")
    log_vins(dealership=elm, vins=VINS[:2], label="44109")
    log_vins(dealership=oak, vins=VINS[2:3], label="45001")
    assert f"{found} entr" in words(viewer.get(PAGE, query))


def test_one_dealership_shows_its_own_log_only(viewer: Client) -> None:
    elm, oak = make_dealership(), make_dealership(name="Oak Hill Cars")
    log_vins(dealership=elm, vins=VINS[:2])
    log_vins(dealership=oak, vins=VINS[2:3])
    page = viewer.get(PAGE, {"dealership": elm.pk})
    assert ("2 entries of Elm Street Motors" in words(page), len(rows_of(page))) == (True, 2)


@pytest.mark.parametrize(("choice", "status"), [("4711", 404), ("x", 200), ("²", 200), ("9" * 40, 200)])
def test_a_dealership_that_is_none_does_no_harm(choice: str, status: int, viewer: Client) -> None:
    make_dealership()
    assert viewer.get(PAGE, {"dealership": choice}).status_code == status


def test_a_voided_entry_stays_with_its_reason(viewer: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:1])
    VinLogEntry.objects.update(voided_at=timezone.now(), void_reason="Wrong dealership")
    [row] = rows_of(viewer.get(PAGE))
    assert 'class="is-out"' in row
    assert "Wrong dealership" in row


@pytest.mark.parametrize("count", [3, 90])
def test_the_queries_do_not_grow_with_the_entries(
    count: int, viewer: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    log_vins(dealership=make_dealership(), vins=[make_vin(number=number) for number in range(count)])
    with django_assert_num_queries(7):
        assert len(rows_of(viewer.get(PAGE))) == count


def test_entries_are_split_into_pages(viewer: Client) -> None:
    log_vins(dealership=make_dealership(), vins=[make_vin(number=number) for number in range(130)])
    assert [len(rows_of(viewer.get(PAGE, {"page": page}))) for page in (1, 2)] == [100, 30]


def test_an_empty_log_says_where_entries_come_from(staff: Client, viewer: Client) -> None:
    assert "Nothing is logged yet" in words(staff.get(PAGE))
    assert ["Import a log" in words(client.get(PAGE)) for client in (staff, viewer)] == [True, False]


# Import


def test_a_file_is_previewed_row_by_row_before_anything_is_stored(staff: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:1], label="44109")
    page = staff.get(send(staff, elm, log_text(*VINS[:3]) + "\r\n,\r\n,HELLO")["Location"])
    assert "5 rows read = 2 to add + 1 already logged + 1 blank + 1 not readable" in words(page)
    verdicts = [next(word for word in ("To add", "Already logged", "Not read") if word in row) for row in rows_of(page)]
    assert verdicts == ["Already logged", "To add", "To add", "Not read"]
    assert (VinLogEntry.objects.count(), VinLogImport.objects.count()) == (1, 1)


def test_a_vin_that_breaks_a_rule_is_kept_with_a_remark(staff: Client) -> None:
    page = staff.get(send(staff, make_dealership(), log_text("WVGAV7AX7AW51328"))["Location"])
    [row] = rows_of(page)
    assert ["To add" in row, 'class="state warn"' in row] == [True, True]


def test_a_confirmed_preview_is_stored_once_with_its_actor(staff: Client) -> None:
    elm = make_dealership()
    token = token_of(send(staff, elm, log_text(*VINS[:3])))
    answer = staff.post(IMPORT, {"kept": token}, follow=True)
    assert "3 entries added at Elm Street Motors; 0 were logged already." in words(answer)
    entries = VinLogEntry.objects.order_by("id").values_list("vin", "label", "created_by__username")
    assert list(entries) == [(vin, "44109", "staff") for vin in VINS[:3]]
    again = staff.post(IMPORT, {"kept": token})
    assert (again.status_code, "The kept file is gone. Upload it again." in words(again)) == (422, True)
    assert VinLogEntry.objects.count() == 3
    assert list(settings.UPLOADS_DIR.iterdir()) == []


def test_a_file_that_adds_nothing_says_so_and_offers_no_button(staff: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:2], label="44109")
    page = staff.get(send(staff, elm, log_text(*VINS[:2]))["Location"])
    assert "Nothing would be added" in words(page)
    content, _, _ = page.content.decode().partition("</main>")
    assert 'class="button primary"' not in content


def test_of_several_lists_one_can_be_picked(staff: Client) -> None:
    sheet = "\r\n".join(
        ["ORDER,SOCO VINS,,ORDER,MANCHESTER VINS", f"1,{VINS[0]},,7,{VINS[2]}", f",{VINS[1]},,,{VINS[3]}"]
    )
    page = staff.get(send(staff, make_dealership(), sheet)["Location"])
    assert "4 rows read = 4 to add" in words(page)
    [first, second] = re.findall(r'href="\?kept=([^"]+)"[^>]*>\s*Only this', page.content.decode())
    picked = staff.get(f"{IMPORT}?kept={second}")
    assert [vin[-8:] in part(picked, "<tbody>", "</tbody>") for vin in VINS[:4]] == [False, False, True, True]
    assert first != second


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x89PNG\r\n", "This is no CSV file."),
        (b"ORDER,NOTE\r\n1,hello\r\n", "No column"),
    ],
)
def test_a_file_that_is_no_log_is_refused_at_the_field(content: bytes, sentence: str, staff: Client) -> None:
    elm = make_dealership()
    answer = staff.get(send(staff, elm, content)["Location"])
    assert answer.status_code == 422
    assert sentence in part(answer, '<div class="note fail"', "</div>")
    assert VinLogImport.objects.count() == 0


@pytest.mark.parametrize("fields", [{}, {"dealership": "4711"}])
def test_dealership_and_file_must_be_chosen(fields: dict[str, str], staff: Client) -> None:
    answer = staff.post(IMPORT, fields)
    assert (answer.status_code, "Choose a file." in words(answer)) == (422, True)


@pytest.mark.parametrize("token", ["x", "W10:1x:y", "../../etc/passwd"])
def test_a_token_that_we_did_not_sign_names_nothing(token: str, staff: Client) -> None:
    assert staff.get(IMPORT, {"kept": token}).status_code == 404
    assert staff.post(IMPORT, {"kept": token}).status_code == 404


def test_texts_of_a_log_are_never_markup(staff: Client) -> None:
    sheet = f'ORDER,VIN\r\n<img src=x>,{VINS[0]}\r\n,"<img src=y>"'
    page = staff.get(send(staff, make_dealership(), sheet)["Location"]).content.decode()
    assert ("<img" in page, page.count("&lt;img src=")) == (False, 2)


def test_a_viewer_reads_the_log_and_cannot_import_or_export(viewer: Client) -> None:
    elm = make_dealership()
    assert viewer.get(PAGE).status_code == 200
    answers = [viewer.get(IMPORT), send(viewer, elm, log_text(*VINS)), viewer.get("/vin-log/export/")]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert VinLogEntry.objects.count() == 0


# Export


def test_an_exported_log_imports_as_the_same_entries(staff: Client) -> None:
    elm, oak = make_dealership(), make_dealership(name="Oak Hill Cars")
    log_vins(dealership=elm, vins=[*VINS[:2], VINS[0]], label="44109")
    answer = staff.get("/vin-log/export/", {"dealership": elm.pk})
    name = f"Elm_Street_Motors_VINLOG_{timezone.localdate():%Y-%m-%d}.csv"
    assert (answer["Content-Disposition"], "no-store" in answer["Cache-Control"]) == (
        f'attachment; filename="{name}"',
        True,
    )
    import_vin_log(dealership=oak, data=answer.content, file_name="copy.csv")
    copies = [
        list(VinLogEntry.objects.for_dealership(dealership).order_by("id").values_list("vin", "label"))
        for dealership in (elm, oak)
    ]
    assert copies[0] == copies[1]


def test_all_logs_come_as_one_file_with_the_dealership_in_front(staff: Client) -> None:
    for name, vin in (("Elm Street Motors", VINS[0]), ("Oak Hill Cars", VINS[1])):
        log_vins(dealership=make_dealership(name=name), vins=[vin], label="44109")
    header, *rows = staff.get("/vin-log/export/").content.decode().split()
    assert header.startswith("DEALERSHIP,VIN")
    assert len(rows) == 6


# Filters and what is filtered as a file


def test_force_and_source_are_filters(viewer: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:2], label="44109")
    make_vehicles(dealership=elm, count=1, first=10)
    finish_order(order=make_order(dealership=elm), order_number="45182")
    VinLogEntry.objects.filter(vin=VINS[0]).update(voided_at=timezone.now(), void_reason="twice")
    queries = [
        {"force": "yes"},
        {"force": "no"},
        {"source": "order"},
        {"source": "import", "force": "yes"},
        {"force": "x"},
    ]
    assert [len(rows_of(viewer.get(PAGE, query))) for query in queries] == [2, 1, 1, 1, 3]
    assert ["Clear filters" in words(viewer.get(PAGE, query)) for query in ({}, *queries[:1])] == [False, True]


HOSTILE = ["<script>alert(1)</script>", "\x00", "'; DROP TABLE x; --", "%_\\", "x" * 5000, "\u202e²", "{{7919*7907}}"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_input_is_only_text(typed: str, staff: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:1])
    page = staff.get(PAGE, {"q": typed, "force": typed, "source": typed, "dealership": typed, "page": typed})
    assert (page.status_code, "<script>alert" in page.content.decode()) == (200, False)
    assert staff.get(ROWS, {"q": typed, "force": typed}).status_code == 200


ROWS = "/vin-log/entries.csv"


def test_the_filtered_rows_are_exported_with_all_that_is_known_of_them(staff: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:2], label="=1+1")
    void_log_entries(entry_ids=VinLogEntry.objects.filter(vin=VINS[0]).values_list("pk", flat=True), reason="@twice")
    assert f'href="{ROWS}?force=no"' in staff.get(PAGE, {"force": "no", "page": "1"}).content.decode()
    answer = staff.get(ROWS, {"force": "no"})
    assert (answer.streaming, "no-store" in answer["Cache-Control"]) == (True, True)
    title, row = csv.reader(io.StringIO(content_of(answer).decode()))
    told = dict(zip(title, row, strict=True))
    assert (told["VIN"], told["Order"], told["Reason"], told["Source"]) == (VINS[0], "'=1+1", "'@twice", "Import")
    assert told["Void since"].startswith(f"{timezone.localdate():%Y-%m-%d}")


def test_the_file_has_every_row_of_all_pages(staff: Client) -> None:
    log_vins(dealership=make_dealership(), vins=[make_vin(number=number) for number in range(1200)])
    assert len(content_of(staff.get(ROWS)).splitlines()) == 1201


# Voiding


@pytest.fixture
def manager() -> Client:
    return sign_in(role="manager")


VOID = "/vin-log/void/"


def entry_ids(*vins: str) -> list[int]:
    return list(VinLogEntry.objects.filter(vin__in=vins).order_by("pk").values_list("pk", flat=True))


def test_entries_are_chosen_confirmed_and_voided_with_a_reason(manager: Client) -> None:
    elm = make_dealership()
    log_vins(dealership=elm, vins=VINS[:3], label="44109")
    log_vins(dealership=elm, vins=VINS[:1], label="44110")
    chosen = list(VinLogEntry.objects.filter(label="44109").values_list("pk", flat=True))[:2]
    asked = manager.get(VOID, {"entry": chosen})
    assert "Void 2 log entries? 1 vehicle can be ordered again, by a CAO too. 1 vehicle stays printed" in words(asked)
    assert VinLogEntry.objects.in_force().count() == 4
    answer = manager.post(VOID, {"entry": chosen, "reason": "logged twice"}, follow=True)
    assert "2 log entries are void. 1 vehicle can be ordered again." in words(answer)
    assert answer.redirect_chain == [(f"{PAGE}?dealership={elm.pk}", 302)]
    voided = VinLogEntry.objects.filter(voided_at__isnull=False)
    assert {(entry.pk, entry.void_reason, entry.voided_by.username) for entry in voided if entry.voided_by} == {
        (pk, "logged twice", "manager") for pk in chosen
    }


def test_the_password_is_asked_for_first(manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:1])
    session = manager.session
    del session[CONFIRMED_AT]
    session.save()
    asked = manager.post(VOID, {"entry": entry_ids(VINS[0]), "reason": "x"})
    assert "Your password" in words(asked)
    assert VinLogEntry.objects.in_force().count() == 1


def test_without_a_reason_nothing_is_voided_and_the_choice_stays(manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:2])
    chosen = entry_ids(*VINS[:2])
    answer = manager.post(VOID, {"entry": chosen, "reason": " "})
    assert (answer.status_code, "Say why" in words(answer)) == (422, True)
    assert [f'name="entry" value="{pk}"' in " ".join(answer.content.decode().split()) for pk in chosen] == [True, True]
    assert VinLogEntry.objects.in_force().count() == 2


def test_pressed_twice_is_done_once(manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:1])
    form: dict[str, Any] = {"entry": entry_ids(VINS[0]), "reason": "twice"}
    assert manager.post(VOID, form).status_code == 302
    again = manager.post(VOID, form)
    assert (again.status_code, "void already; nothing was changed" in words(again)) == (409, True)
    assert "Every chosen entry is void already." in words(manager.get(VOID, {"entry": form["entry"]}))


@pytest.mark.parametrize("chosen", [[], ["x"], ["²"], ["-1"], ["9" * 40], ["1 OR 1=1"], ["0"]])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_choice_that_names_no_entry_is_refused(chosen: list[str], method: str, manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:1])
    answer = getattr(manager, method)(VOID, {"entry": chosen, "reason": "x"})
    assert (answer.status_code, "Nothing to void" in words(answer)) == (422, True)
    assert VinLogEntry.objects.in_force().count() == 1


def test_only_managers_choose_and_void(staff: Client, manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:1])
    pages = [client.get(PAGE).content.decode() for client in (staff, manager)]
    assert [('type="checkbox"' in page, "Void…" in page) for page in pages] == [(False, False), (True, True)]
    answers = [staff.get(VOID, {"entry": entry_ids(VINS[0])}), staff.post(VOID, {"entry": entry_ids(VINS[0])})]
    assert [answer.status_code for answer in answers] == [403, 403]


def test_a_void_entry_cannot_be_chosen_again(manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=VINS[:2])
    void_log_entries(entry_ids=entry_ids(VINS[0]), reason="twice")
    out, kept = sorted(rows_of(manager.get(PAGE)), key=lambda row: "is-out" not in row)
    assert [('type="checkbox"' in row, "Void…" in row) for row in (out, kept)] == [(False, False), (True, True)]


def test_the_question_takes_the_same_queries_for_any_number_of_entries(manager: Client) -> None:
    log_vins(dealership=make_dealership(), vins=[make_vin(number=number) for number in range(90)])
    everything = list(VinLogEntry.objects.values_list("pk", flat=True))
    counts = []
    for chosen in (everything[:1], everything):
        with CaptureQueriesContext(connection) as queries:
            assert manager.get(VOID, {"entry": chosen}).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
