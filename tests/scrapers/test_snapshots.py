"""What websites answered is kept exactly, under names of ours, without secrets, all or nothing."""

import gzip
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from foundation.errors import BadInput
from scrapers.domain.shapes import Answer, Kind, Request
from scrapers.files import (
    StoredSnapshot,
    delete_snapshot,
    delete_snapshots_of,
    open_snapshot,
    snapshot_path,
    snapshots_on_disk,
    store_snapshot,
)
from tests.programs import run_program

AT = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)
REQUEST = Request(
    kind=Kind.LIST,
    url="https://app-dsn.algolia.net/q?x-algolia-api-key=SECRET1&page=2",
    method="POST",
    headers={"X-Api-Key": "SECRET2", "Authorization": "Bearer SECRET3", "Accept": "application/json"},
    body='{"page": 2}',
    note={"page": 2, "list": "new"},
)
ANSWER = Answer(
    status=200,
    url="https://app-dsn.algolia.net/q?x-algolia-api-key=SECRET1&page=2",
    headers={"content-type": "application/json; charset=utf-8", "etag": '"x"', "x-powered-by": "y"},
    body=b'\xef\xbb\xbf{"a": "\xff\x00"}\n\nmore\n',
)


def store(run_id: int = 7, page_number: int = 2, answer: Answer = ANSWER) -> StoredSnapshot:
    return store_snapshot(run_id=run_id, page_number=page_number, request=REQUEST, answer=answer, at=AT)


def names() -> list[str]:
    return [found.name for found in snapshots_on_disk()]


def test_an_answer_comes_back_byte_for_byte_with_what_is_needed_to_parse_it_again() -> None:
    stored = store()
    kept = open_snapshot(stored.name)
    assert (stored.name, stored.size) == ("7/00002.snapshot.gz", len(ANSWER.body))
    assert stored.stored_size == snapshot_path(stored.name).stat().st_size
    assert (kept.answer.status, kept.answer.body) == (200, ANSWER.body)
    assert kept.answer.headers == {"content-type": "application/json; charset=utf-8", "etag": '"x"'}
    assert (kept.at, kept.sha256) == (AT, stored.sha256)
    assert (kept.request.kind, kept.request.method, kept.request.body) == (Kind.LIST, "POST", '{"page": 2}')
    assert kept.request.note == {"page": 2, "list": "new"}


def test_keys_and_tokens_are_not_kept() -> None:
    stored = store()
    content = gzip.decompress(snapshot_path(stored.name).read_bytes())
    assert b"SECRET" not in content
    assert b'"POST https://app-dsn.algolia.net/q?x-algolia-api-key=removed&page=2"' in content
    kept = open_snapshot(stored.name).request
    assert kept.headers == {"X-Api-Key": "removed", "Authorization": "removed", "Accept": "application/json"}


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"x" * 5_000_000, bytes(range(256))], ids=["empty", "line", "5 MB", "bytes"]
)
def test_bodies_of_every_kind_are_kept(body: bytes) -> None:
    stored = store(answer=Answer(status=200, url="https://www.dealer.test/", body=body))
    assert open_snapshot(stored.name).answer.body == body


def test_the_same_answer_makes_the_same_file_and_a_later_one_takes_its_place() -> None:
    first = snapshot_path(store().name).read_bytes()
    assert snapshot_path(store().name).read_bytes() == first
    store(answer=Answer(status=200, url="https://www.dealer.test/", body=b"later"))
    assert open_snapshot("7/00002.snapshot.gz").answer.body == b"later"
    assert names() == ["7/00002.snapshot.gz"]


def test_files_are_closed_to_other_users() -> None:
    path = snapshot_path(store().name)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(settings.SCRAPES_DIR).stat().st_mode) == 0o700


def test_what_is_kept_is_listed_run_by_run_and_removed_one_by_one_or_together() -> None:
    for run_id, page_number in ((10, 1), (9, 2), (9, 1), (9, 10_000)):
        store(run_id, page_number)
    (Path(settings.SCRAPES_DIR) / "readme").mkdir()
    (Path(settings.SCRAPES_DIR) / "9" / ".00003.snapshot.gz.draft").touch()
    assert names() == ["9/00001.snapshot.gz", "9/00002.snapshot.gz", "9/10000.snapshot.gz", "10/00001.snapshot.gz"]
    assert {(found.run_id, found.size > 100) for found in snapshots_on_disk()} == {(9, True), (10, True)}
    for _ in range(2):
        delete_snapshot("9/00001.snapshot.gz")
    assert "9/00001.snapshot.gz" not in names()
    for _ in range(2):
        delete_snapshots_of(9)
    assert names() == ["10/00001.snapshot.gz"]


def test_a_snapshot_that_is_gone_or_damaged_says_so() -> None:
    with pytest.raises(BadInput, match=r"7/00002\.snapshot\.gz is gone"):
        open_snapshot("7/00002.snapshot.gz")
    path = snapshot_path(store().name)
    whole = path.read_bytes()
    other = gzip.compress(gzip.decompress(whole).replace(b"more", b"less"))
    for damaged in (whole[:-3], whole[: len(whole) // 2], b"", b"<html>", other, gzip.compress(b"no head")):
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match="is damaged: read the website again") as caught:
            open_snapshot("7/00002.snapshot.gz")
        assert caught.value.code == "E_SNAPSHOT"


@pytest.mark.parametrize(
    "name",
    [
        "../7/00002.snapshot.gz",
        "7/../8/1.snapshot.gz",
        "/etc/passwd",
        "7/x.snapshot.gz",
        "7/1.snapshot.gz\0",
        "7/1.snapshot.gz\n",
        "7/1",
        "",
    ],
)
def test_names_that_are_not_ours_lead_nowhere(name: str) -> None:
    for act in (open_snapshot, delete_snapshot, snapshot_path):
        with pytest.raises(BadInput, match="is no name of a snapshot"):
            act(name)


def test_a_disk_that_takes_nothing_is_told_and_nothing_half_written_stays() -> None:
    (Path(settings.SCRAPES_DIR) / "7").touch()
    with pytest.raises(BadInput, match="cannot be kept") as caught:
        store()
    assert caught.value.code == "E_STORAGE"


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_leaves_the_earlier_snapshot_as_it_was() -> None:
    store()
    program = """
import django
django.setup()
from datetime import UTC, datetime
from foundation.errors import BadInput
from scrapers.domain.shapes import Answer, Kind, Request
from scrapers.files import store_snapshot
import os
answer = Answer(status=200, url="https://www.dealer.test/", body=os.urandom(200_000))
request = Request(kind=Kind.LIST, url=answer.url)
try:
    store_snapshot(run_id=7, page_number=2, request=request, answer=answer, at=datetime.now(UTC))
except BadInput as error:
    print(error.code)
"""
    done = run_program("-c", program, most_file_bytes=50_000)
    assert (done.stdout, done.returncode) == ("E_STORAGE\n", 0), done.stderr
    assert open_snapshot("7/00002.snapshot.gz").answer.body == ANSWER.body
    assert [path.name for path in (Path(settings.SCRAPES_DIR) / "7").iterdir()] == ["00002.snapshot.gz"]
