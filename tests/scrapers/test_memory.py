"""A small packed body, or an endless one, does not fill the memory."""

import os
import subprocess
import sys
import zlib
from functools import cache

import pytest

from tests.programs import ROOT
from tests.scrapers.loopback_web import Act, Handler, page, serving

MOST_MEGABYTES = 150


@cache
def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    million = bytes(1_000_000)
    return b"".join(packer.compress(million) for _ in range(megabytes)) + packer.flush()


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    while True:
        handler.wfile.write(piece)


def fetched_by_a_program(act: Act) -> tuple[str, int]:
    """What a program of its own told of the answer, and its most memory in megabytes."""
    with serving() as web:
        web.pages["/"] = act
        program = [sys.executable, "-m", "tests.scrapers.unpacking_program", str(web.port)]
        done = subprocess.run(
            program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
        )
    assert done.returncode == 0, done.stderr
    told, memory = done.stdout.splitlines()
    return told, int(memory)


@pytest.mark.slow
@pytest.mark.parametrize(
    "act",
    [page(bomb(300), 200, Content_Encoding="gzip"), page(bomb(2_000), 200, Content_Encoding="gzip"), endless],
    ids=["300 MB in 300 KB", "2 GB in 2 MB", "endless and plain"],
)
def test_what_is_too_large_is_refused_before_it_fills_the_memory(act: Act) -> None:
    told, memory = fetched_by_a_program(act)
    assert told == "E_TOO_LARGE"
    assert memory < MOST_MEGABYTES


def test_the_largest_body_that_is_taken_fits_too() -> None:
    told, memory = fetched_by_a_program(page(bomb(20), 200, Content_Encoding="gzip"))
    assert told == "read 20000000"
    assert memory < MOST_MEGABYTES
