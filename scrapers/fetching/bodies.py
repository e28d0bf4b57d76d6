"""Bodies of answers, unpacked piece by piece within a limit: a small packed body never fills the memory."""

import zlib
from collections.abc import Iterable, Iterator

_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_PLAIN = {"", "identity"}
_PACKED = {"gzip", "x-gzip"}
_PIECE = 1024 * 1024


class TooLarge(Exception):
    """The body has more bytes, unpacked, than are taken."""


class Damaged(Exception):
    """The packed body ends too early or is no gzip."""


class OtherEncoding(Exception):
    """The body is packed in a way that was not asked for."""


class BodyReader:
    """Collects a body; `received` are the bytes that came over the line, packed as they were."""

    def __init__(self, encoding: str, most_bytes: int) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in _PLAIN | _PACKED:
            raise OtherEncoding(self._encoding)
        self._most_bytes, self.received = most_bytes, 0

    def read(self, chunks: Iterable[bytes]) -> bytes:
        """The whole body, unpacked. Raises `TooLarge`, `Damaged`, and whatever `chunks` raise."""
        body = bytearray()
        counted = self._counted(chunks)
        for piece in self._unpacked(counted) if self._encoding in _PACKED else counted:
            body += piece
            if len(body) > self._most_bytes:
                raise TooLarge
        return bytes(body)

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.received += len(chunk)
            yield chunk

    def _unpacked(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(_GZIP)
        for chunk in chunks:
            left = chunk
            while left:
                if unpacker.eof:
                    if not left.startswith(_GZIP_MAGIC):
                        break  # padding behind the end, which everybody ignores
                    unpacker = zlib.decompressobj(_GZIP)
                yield _unpack(unpacker, left)
                left = unpacker.unconsumed_tail or unpacker.unused_data
        if self.received and not unpacker.eof:
            raise Damaged("it ends too early")


def _unpack(unpacker: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return unpacker.decompress(data, _PIECE)
    except zlib.error as error:
        raise Damaged("it is no gzip") from error
