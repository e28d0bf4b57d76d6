"""Uploads on disk: kept under names of our own, outside every web root."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from foundation.errors import BadInput

MOST_BYTES = 25 * 1024 * 1024
_CHUNK = 1024 * 1024
_ENDING = ".upload"


@dataclass(frozen=True)
class StoredUpload:
    """A kept file: its name in the uploads folder, SHA-256 and size in bytes."""

    name: str
    sha256: str
    size: int


def store_upload(stream: BinaryIO, *, most_bytes: int = MOST_BYTES) -> StoredUpload:
    """Keep a copy of `stream`; above the limit, or when the copy breaks off, nothing stays and `BadInput` is raised."""
    name = f"{uuid.uuid4().hex}{_ENDING}"
    digest, size = hashlib.sha256(), 0
    path = upload_path(name)
    with _kept_when_whole(path) as kept:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most_bytes:
                limit = most_bytes // (1024 * 1024)
                raise BadInput(f"The file is larger than {limit} MB. Split it by dealership.", code="E_TOO_LARGE")
            digest.update(chunk)
            kept.write(chunk)
    return StoredUpload(name, digest.hexdigest(), size)


@contextmanager
def _kept_when_whole(path: Path) -> Iterator[BinaryIO]:
    try:
        with ExitStack() as undo:
            path.touch(mode=0o600, exist_ok=False)
            undo.callback(path.unlink)
            with path.open("wb") as kept:
                yield kept
            undo.pop_all()
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(
            f"The file cannot be copied to {path.parent}: {reason}. Make room there or mend its rights.",
            code="E_STORAGE",
        ) from error


def open_upload(name: str) -> BinaryIO:
    """The kept file; raises `BadInput` when it was deleted meanwhile."""
    try:
        return upload_path(name).open("rb")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadInput("The kept file is gone. Upload it again.", code="E_FILE_GONE") from error


@dataclass(frozen=True)
class UploadOnDisk:
    """A file in the uploads folder: its name, its size in bytes and when it was last written."""

    name: str
    size: int
    written_at: datetime


def uploads_on_disk() -> dict[str, UploadOnDisk]:
    """The files of the uploads folder by name; whatever else lies there is nobody's business here."""
    found = {}
    for path in Path(settings.UPLOADS_DIR).glob(f"*{_ENDING}"):
        # One that leaves while we look was deleted by its owner.
        with suppress(FileNotFoundError):
            stat = path.stat()
            found[path.name] = UploadOnDisk(path.name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, tz=UTC))
    return found


def delete_upload(name: str) -> None:
    upload_path(name).unlink(missing_ok=True)


def upload_path(name: str) -> Path:
    return Path(settings.UPLOADS_DIR) / name
