"""Order files on disk: written apart, made durable, and moved into place in one step."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from orders.domain.lines import FileContent

_WRITERS = 4


@dataclass(frozen=True)
class WrittenFile:
    """A file of an order's folder: what it is, its SHA-256 and size; `name` is relative to the folder."""

    kind: str
    name: str
    sha256: str
    size: int
    rows: int
    output_template: str


def write_files(order_id: int, token: uuid.UUID, files: Iterable[FileContent]) -> list[WrittenFile]:
    """Write the files of one attempt to its own temporary folder and flush them to disk.

    The disk is slower than the drawing of QR codes, so it is waited for at the end, for all files at once.
    """
    folder = _temporary_folder(order_id, token)
    folder.mkdir(parents=True, mode=0o700)
    written, flushes = [], []
    with ThreadPoolExecutor(_WRITERS) as disk:
        for file in files:
            path = folder / file.name
            path.parent.mkdir(exist_ok=True, mode=0o700)
            flushes.append(disk.submit(write_durably, path, file.data))
            digest = hashlib.sha256(file.data).hexdigest()
            written.append(WrittenFile(file.kind, file.name, digest, len(file.data), file.rows, file.output_template))
        for flush in flushes:
            flush.result()
    for path in {folder, *(child for child in folder.rglob("*") if child.is_dir())}:
        _sync_folder(path)
    return written


def read_temporary(order_id: int, token: uuid.UUID, files: Iterable[WrittenFile]) -> dict[str, bytes]:
    folder = _temporary_folder(order_id, token)
    return {file.name: (folder / file.name).read_bytes() for file in files}


def publish_files(order_id: int, token: uuid.UUID) -> str:
    """Move the temporary folder into place in one step; gives its path relative to the orders folder."""
    folder = attempt_folder(order_id, token)
    target = _root() / folder
    target.parent.mkdir(exist_ok=True, mode=0o700)
    _temporary_folder(order_id, token).rename(target)
    _sync_folder(target.parent)
    return folder


def attempt_folder(order_id: int, token: uuid.UUID) -> str:
    """Where the published files of one attempt lie, relative to the orders folder."""
    return f"{order_id}/{token}"


def discard_files(order_id: int, token: uuid.UUID) -> None:
    """Remove what an attempt wrote, published or not; nothing to remove is fine."""
    for folder in (_temporary_folder(order_id, token), _root() / attempt_folder(order_id, token)):
        # On a broken disk the order must still be marked as failed; what stays is named by no record.
        shutil.rmtree(folder, ignore_errors=True)


def artifact_sha256(path: str) -> str:
    """The SHA-256 of a released file; empty when it is missing."""
    try:
        return hashlib.sha256(artifact_path(path).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def artifact_size(path: str) -> int | None:
    """How many bytes a released file has on disk; None when it is missing."""
    try:
        return artifact_path(path).stat().st_size
    except FileNotFoundError:
        return None


def published_files() -> Iterator[tuple[str, float]]:
    """Every file in the folders of orders, order by order, with the moment of its last change."""
    for folder in sorted(path for path in _root().iterdir() if path.name.isdigit()):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield str(path.relative_to(_root())), path.stat().st_mtime


def attempt_folders(*, changed_before: float) -> list[str]:
    """The folders of attempts, published or not, that were last changed before a moment."""
    folders = [*(_root() / ".tmp").glob("*"), *_root().glob("[0-9]*/*")]
    return [
        str(path.relative_to(_root())) for path in folders if path.is_dir() and path.stat().st_mtime < changed_before
    ]


def remove_attempt_folder(folder: str) -> None:
    shutil.rmtree(artifact_path(folder))


def restore_artifact(path: str, data: bytes) -> None:
    """Write a released file again where it was lost or altered."""
    target = artifact_path(path)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    spare = target.with_name(f"{target.name}.new")
    write_durably(spare, data)
    spare.replace(target)
    _sync_folder(target.parent)


def artifact_path(path: str) -> Path:
    return _root() / path


def write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def storage_problem(*, least_free_bytes: int) -> str:
    """Why no order's files could be written now; empty when they could. Writes nothing."""
    # What may not be looked into counts as absent, as what lies in the way of making it.
    folder = next(path for path in (_root(), *_root().parents) if os.access(path, os.F_OK))
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return f"The folder of the order files, {_root()}, cannot be written."
    free, least = shutil.disk_usage(folder).free // 1_000_000, least_free_bytes // 1_000_000
    return f"The disk of the order files has {free:,} MB left; {least:,} MB are needed." if free < least else ""


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _root() -> Path:
    return Path(settings.ORDERS_DIR)


def _temporary_folder(order_id: int, token: uuid.UUID) -> Path:
    return _root() / ".tmp" / f"{order_id}-{token}"
