"""Snapshots of answers on disk: what a website said, exactly as it was read, so that a run can be replayed.

A snapshot is one gzip file: a line of JSON that tells request, status, headers, time and SHA-256, then the raw body.
Its name is made of the run's id and a page number of ours.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import uuid
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from foundation.errors import BadInput
from scrapers.domain.addresses import REMOVED, is_secret_name, without_secrets
from scrapers.domain.shapes import Answer, Request

_ENDING = ".snapshot.gz"
_NAME = re.compile(rf"(\d+)/(\d+){re.escape(_ENDING)}", re.ASCII)
_HEADERS_OF_INTEREST = (
    "content-type", "content-length", "content-encoding", "last-modified", "etag", "date", "server", "age",
    "cache-control", "x-cache", "cf-ray", "cf-mitigated", "retry-after",
)  # fmt: skip
_LEVEL = 6


@dataclass(frozen=True, kw_only=True)
class StoredSnapshot:
    """A kept answer: its name in the folder of snapshots, the SHA-256 and size of its raw body, the file's own size."""

    name: str
    sha256: str
    size: int
    stored_size: int


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A kept answer read back; keys and tokens of the request were left out."""

    request: Request
    answer: Answer
    at: datetime
    sha256: str


@dataclass(frozen=True, kw_only=True)
class SnapshotOnDisk:
    """A file in the folder of snapshots: which run it belongs to, its size and when it was written."""

    name: str
    run_id: int
    size: int
    written_at: datetime


def store_snapshot(*, run_id: int, page_number: int, request: Request, answer: Answer, at: datetime) -> StoredSnapshot:
    """Keep an answer durably under the number of a run's page; one of the same number is replaced in one step.

    Raises `BadInput` E_STORAGE when the disk does not take it; nothing half-written stays.
    """
    name, sha256 = _name(run_id, page_number), hashlib.sha256(answer.body).hexdigest()
    head = {
        "line": f"{request.method} {without_secrets(request.url)}",
        "request": _without_secrets(request).document(),
        "status": answer.status,
        "url": without_secrets(answer.url),
        "headers": {kept: answer.headers[kept] for kept in _HEADERS_OF_INTEREST if kept in answer.headers},
        "at": at.isoformat(),
        "sha256": sha256,
    }
    packed = gzip.compress(json.dumps(head).encode() + b"\n" + answer.body, _LEVEL, mtime=0)
    try:
        _write(snapshot_path(name), packed)
    except OSError as error:
        raise BadInput(
            f"The page cannot be kept in {_root()}: {error.strerror or error}. Make room there or mend its rights.",
            code="E_STORAGE",
        ) from error
    return StoredSnapshot(name=name, sha256=sha256, size=len(answer.body), stored_size=len(packed))


def open_snapshot(name: str) -> Snapshot:
    """The kept answer. Raises `BadInput` E_SNAPSHOT when it is gone or is not what was kept."""
    try:
        content = gzip.decompress(snapshot_path(name).read_bytes())
    except FileNotFoundError as error:
        raise BadInput(f"The snapshot {name} is gone: kept pages are removed with time.", code="E_SNAPSHOT") from error
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(name) from error
    line, _, body = content.partition(b"\n")
    try:
        head = json.loads(line)
    except ValueError as error:
        raise _damaged(name) from error
    if head["sha256"] != hashlib.sha256(body).hexdigest():
        raise _damaged(name)
    return _snapshot(head, body)


def _snapshot(head: dict[str, Any], body: bytes) -> Snapshot:
    answer = Answer(status=head["status"], url=head["url"], headers=head["headers"], body=body)
    request = Request.from_document(head["request"])
    return Snapshot(request=request, answer=answer, at=datetime.fromisoformat(head["at"]), sha256=head["sha256"])


def delete_snapshot(name: str) -> None:
    """Remove a kept answer; one that is gone already is fine."""
    snapshot_path(name).unlink(missing_ok=True)


def delete_snapshots_of(run_id: int) -> None:
    """Remove everything that was kept of a run."""
    with suppress(FileNotFoundError):
        shutil.rmtree(_root() / str(int(run_id)))


def snapshots_on_disk() -> Iterator[SnapshotOnDisk]:
    """Every kept answer, run by run, page by page; whatever else lies in the folder is nobody's business here."""
    runs = sorted((path for path in _root().glob("*") if path.name.isdigit()), key=lambda path: int(path.name))
    for run in runs:
        for path in sorted(run.glob(f"*{_ENDING}")):
            # One that leaves while we look was deleted by its owner.
            with suppress(FileNotFoundError):
                stat = path.stat()
                written_at = datetime.fromtimestamp(stat.st_mtime, tz=UTC)
                name = f"{run.name}/{path.name}"
                yield SnapshotOnDisk(name=name, run_id=int(run.name), size=stat.st_size, written_at=written_at)


def snapshot_path(name: str) -> Path:
    """Where a snapshot lies. Raises `BadInput` for a name that is none of ours."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name[:80]!r} is no name of a snapshot.", code="E_SNAPSHOT")
    return _root() / name


def _name(run_id: int, page_number: int) -> str:
    return f"{int(run_id)}/{int(page_number):05d}{_ENDING}"


def _without_secrets(request: Request) -> Request:
    headers = {name: REMOVED if is_secret_name(name) else value for name, value in request.headers.items()}
    return replace(request, url=without_secrets(request.url), headers=headers)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _root() -> Path:
    return Path(settings.SCRAPES_DIR)


def _damaged(name: str) -> BadInput:
    return BadInput(f"The snapshot {name} is damaged: read the website again.", code="E_SNAPSHOT")
