import json
from pathlib import Path

import pytest
from django.conf import settings

from orders.domain.qr import decode_png, qr_png
from orders.domain.qr_engines import draw_with_qrcode
from orders.models import Artifact, Order, OrderLine
from tests.command_line import Answer, run_command
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.programs import run_program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return finish_order(order=make_order(dealership=dealership))


def path_of(artifact: Artifact) -> Path:
    return Path(settings.ORDERS_DIR) / artifact.path


def checked(order: Order) -> Answer:
    return run_command("check_files", order.pk, "--json")


def images_of(order: Order) -> list[Artifact]:
    return list(order.artifacts.filter(kind=Artifact.Kind.QR))


def test_released_files_have_no_problems(order: Order) -> None:
    answer = checked(order)
    files = [{"name": artifact.name, "sha256": artifact.sha256} for artifact in order.artifacts.all()]
    assert (answer.exit_code, answer.err) == (0, "")
    assert answer.document == {"order_id": order.pk, "files": files, "problems": []}
    text = run_command("check_files", order.pk)
    assert (text.exit_code, text.out) == (0, f"Order {order.pk}: {len(files)} files, all as released.\n")


def test_every_missing_file_is_named(order: Order) -> None:
    for image in images_of(order)[:2]:
        path_of(image).unlink()
    answer = checked(order)
    missing = [f"{image.name} is missing on disk. Re-issue the order." for image in images_of(order)[:2]]
    assert (answer.exit_code, answer.document["problems"]) == (1, missing)
    text = run_command("check_files", order.pk)
    assert text.out.splitlines() == [f"Order {order.pk}: {order.artifacts.count()} files, 2 problems.", *missing]


def test_swapped_qr_codes_are_altered_and_say_what_belongs_to_another_line(order: Order) -> None:
    first, second = images_of(order)[:2]
    one, other = path_of(first).read_bytes(), path_of(second).read_bytes()
    path_of(first).write_bytes(other)
    path_of(second).write_bytes(one)
    answer = checked(order)
    vins = [line.vin for line in order.lines.all()]
    tracking = "utm_source=SilverFox&utm_medium=VDP_ShortCut"
    address = [f"https://www.elm-street.example/used/{vin.lower()}/?{tracking}" for vin in vins]
    altered = "is altered on disk: its SHA-256 is not that of its release. Re-issue the order."
    (archive,) = order.artifacts.filter(kind=Artifact.Kind.ZIP)
    members = [f"{archive.name.removesuffix('.zip')}/{image.name}" for image in (first, second)]
    assert answer.exit_code == 1
    assert answer.document["problems"] == [
        f"{first.name} {altered}",
        f"{second.name} {altered}",
        f"{first.name} says {address[1]} instead of {address[0]}.",
        f"{second.name} says {address[0]} instead of {address[1]}.",
        f"{archive.name} does not hold the same files: {', '.join(sorted(members))}.",
    ]


def test_a_file_with_its_sha256_is_still_compared_with_the_lines(order: Order) -> None:
    line = order.lines.all()[0]
    OrderLine.objects.filter(pk=line.pk).update(stock="OTHER")
    answer = checked(order)
    (table,) = order.artifacts.filter(kind=Artifact.Kind.CSV)
    assert answer.exit_code == 1
    where = f"{table.name}, line 1 ({line.vin}): "
    columns = ("STOCK", "QRYEARMODEL", "MISC")
    assert answer.document["problems"] == [f"{where}{name} does not name the stock number OTHER." for name in columns]


def test_a_code_of_the_same_text_by_another_engine_is_altered(order: Order) -> None:
    image = images_of(order)[0]
    (text,) = decode_png(path_of(image).read_bytes())
    path_of(image).write_bytes(qr_png(text, draw=draw_with_qrcode))
    answer = checked(order)
    (archive,) = order.artifacts.filter(kind=Artifact.Kind.ZIP)
    member = f"{archive.name.removesuffix('.zip')}/{image.name}"
    assert (answer.exit_code, answer.document["problems"]) == (
        1,
        [
            f"{image.name} is altered on disk: its SHA-256 is not that of its release. Re-issue the order.",
            f"{archive.name} does not hold the same files: {member}.",
        ],
    )


def test_an_order_without_released_files_has_that_as_its_problem() -> None:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    order = make_order(dealership=dealership)
    answer = checked(order)
    problem = f"Order {order.pk} is review; it has no released files."
    assert (answer.exit_code, answer.document) == (1, {"order_id": order.pk, "files": [], "problems": [problem]})


@pytest.mark.parametrize("order_id", [999999, 10**30])
def test_an_unknown_order_exits_2(order_id: int) -> None:
    answer = run_command("check_files", order_id, "--json")
    assert (answer.exit_code, answer.error_code) == (2, "unknown_order")


@pytest.mark.slow
def test_the_program_exits_as_the_command_does() -> None:
    answer = run_program("manage.py", "check_files", "999999", "--json")
    assert (answer.returncode, json.loads(answer.stdout)["error"]["code"]) == (2, "unknown_order")
