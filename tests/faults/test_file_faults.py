"""F31 to F33: no space, no permission, and files that were lost or altered behind their release."""

import errno
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse
from pytest_django import Settings

from foundation.errors import Refused
from orders.models import Artifact, Batch, Order, VinLogEntry
from orders.operations.batch_completing import complete_batch
from orders.operations.verifying import verify_artifacts
from tests.factories import finish_order, make_dealership, make_order, make_vehicles
from tests.faults import sabotage
from tests.faults.invariants import assert_invariants
from tests.faults.shop import Shop, state, wait_done, wait_until
from tests.orders.batches import finish, make_lots, orders_of, start, states
from tests.orders.released import released_bytes
from tests.pages import sign_in, words

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
fault = pytest.mark.fault
FULL = "The files could not be written: the disk is full. Free space, then retry."
NOBODY = 65534


# ---------- no space ----------
@contextmanager
def file_system_of(folder: Path, *, kilobytes: int) -> Iterator[None]:
    """A file system of its own in place of a folder, so small that it fills up."""
    size = f"size={kilobytes}k,mode=0700"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"only who may mount can have a disk that fills up: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@fault("F31", "no space left for an order's files", "failed, the disk is full; nothing stays; a retry works")
@pytest.mark.parametrize("how", ["a small disk", "a write that is told so"])
def test_f31_an_order_without_room_fails_leaves_nothing_and_is_made_when_there_is_room(shop: Shop, how: str) -> None:
    root = Path(settings.ORDERS_DIR)
    is_real = how == "a small disk"
    with file_system_of(root, kilobytes=256) if is_real else nullcontext():
        if is_real:
            fill(root / "of somebody else", leaving=16_000)
        else:
            shop.plan(sabotage.IMAGE, "no space")
        shop.start_worker()
        [order] = shop.send_new(1)
        wait_until(lambda: state(order) == "failed", shop.seconds(60))
        order.refresh_from_db()
        assert (order.error_code, order.error_text, order.error_stage) == ("disk", FULL, "write")
        assert list((root / ".tmp").iterdir()) == []
        assert not (root / str(order.pk)).exists()
        assert (Artifact.objects.count(), VinLogEntry.objects.count()) == (0, 0)
        (root / "of somebody else").unlink(missing_ok=True)
        shop.send(order)
        wait_done([order], shop.seconds(60))


def fill(path: Path, *, leaving: int) -> None:
    """Take all the room of a file system but so many bytes."""
    room = os.statvfs(path.parent)
    with path.open("wb") as file:
        file.write(b"x" * (room.f_bavail * room.f_frsize - leaving))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        (path.parent / "probe").write_bytes(b"x" * 4 * leaving)
    (path.parent / "probe").unlink()


# ---------- no permission ----------
@contextmanager
def without_the_rights_of_root() -> Iterator[None]:
    """This process as a user who owns nothing, where it is root: permissions do not hold for root."""
    if os.getuid():
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="sf-") as made:
        path = Path(made)
        path.chmod(0o755)
        yield path
        path.chmod(0o755)


def make_file(place: Path) -> Path:
    (place / "orders").write_text("no folder")
    return place / "orders"


def make_closed(place: Path, *, mode: int) -> Path:
    """A folder in a folder that has the mode."""
    (place / "orders").mkdir(mode=0o555)
    place.chmod(mode)
    return place / "orders"


OBSTACLES: dict[str, Callable[[Path], Path]] = {
    "a file in its place": make_file,
    "not to be written": partial(make_closed, mode=0o555),
    "not to be looked into": partial(make_closed, mode=0o600),
}


@fault("F32", "no permission on the folder of the orders", "refused before the start, nothing begun")
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_f32_nothing_is_begun_where_no_file_could_be_written(place: Path, obstacle: str, settings: Settings) -> None:
    lots = make_lots(2)
    batch = start(lots)
    sendable = settings.ORDERS_DIR
    settings.ORDERS_DIR = OBSTACLES[obstacle](place)
    refusal = re.escape(f"The folder of the order files, {settings.ORDERS_DIR}, cannot be written.")
    with without_the_rights_of_root():
        with pytest.raises(Refused, match=refusal) as start_refused:
            start(lots)
        with pytest.raises(Refused, match=refusal) as completion_refused:
            complete_batch(batch=batch, first_number="45001")
    assert (start_refused.value.code, completion_refused.value.code) == ("preflight_failed", "preflight_failed")
    assert (Batch.objects.count(), states(batch)) == (1, ["review"] * 2)
    assert {(order.order_number, order.claims_total) for order in orders_of(batch)} == {("", 0)}
    settings.ORDERS_DIR = sendable
    finish(batch)
    assert states(batch) == ["done"] * 2
    assert_invariants()


# ---------- lost and altered ----------
@pytest.fixture
def done_order() -> Order:
    dealership = make_dealership()
    make_vehicles(dealership=dealership)
    return finish_order(order=make_order(dealership=dealership))


HARMS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "altered": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
}


@fault("F33", "a released file is deleted or altered", "verification finds it, download 410 with the remedy, mended")
@pytest.mark.parametrize("kind", Artifact.Kind.values)
@pytest.mark.parametrize("harm", HARMS)
def test_f33_a_file_that_is_not_the_released_one_is_found_refused_and_mended(
    done_order: Order, harm: str, kind: str
) -> None:
    staff, before = sign_in(role="staff"), released_bytes(done_order)
    artifact = done_order.artifacts.filter(kind=kind).first()
    assert artifact is not None
    HARMS[harm](Path(settings.ORDERS_DIR) / artifact.path)
    found = verify_artifacts()
    assert (found.checked, getattr(found, harm), found.is_clean) == (9, [artifact.path], False)
    address = reverse("order_file", args=[artifact.public_id])
    refused = staff.get(address)
    assert refused.status_code == 410
    assert f"{artifact.name} is missing or altered on disk" in words(refused)
    assert f'action="{reverse("order_reissue", args=[done_order.pk])}"' in refused.content.decode()
    assert staff.post(reverse("order_reissue", args=[done_order.pk])).status_code == 302
    assert b"".join(staff.get(address)) == before[artifact.name]
    assert (verify_artifacts().is_clean, released_bytes(done_order)) == (True, before)
    assert VinLogEntry.objects.count() == 3
    assert_invariants()
