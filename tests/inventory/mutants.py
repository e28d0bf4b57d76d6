"""Inventory files with damage, each made again from its number alone: `mutant(number)` is the same bytes for ever."""

import random
from collections.abc import Callable
from functools import cache

from tests.factories import make_csv, make_row
from tests.inventory.arrivals import ELM, OAK, rows_at

NASTY_CELLS = [
    "", " ", '"', '""', "'", ",", ";", "\t", "\r", "\n", "\r\n", "\\.", "\\N", "\0", "\x07", "\x1b[0m", "\x85",
    "\u2028", "\u202e", "\u200b", "\ufeff", "\ufffd", "\ud7ff", "\U0001f697", "\u0661\u0662", "NaN", "Infinity", "-0",
    "1e400", "9" * 400, "9" * 5000, "0x10", "1_000", "2023.0", "1885", "99999", "=1+1", "@SUM(A1)", "<script>",
    "{{7*7}}", "%s%n", "'; DROP TABLE x; --", "../../x", "javascript:alert(1)", "http://127.0.0.1/",
    "https://a.example/" + "x" * 3000,
    "31/02/2025", "0000-00-00", "New", "Sold", "N/A", "-1000", "$1,234.50", "x" * 10_001, ELM.upper(), "Nobody",
]  # fmt: skip
MAGICS = [
    b"PK\x03\x04",
    b"\x1f\x8b\x08",
    b"%PDF-",
    b"\x89PNG",
    b"{",
    b"[",
    b"<html>",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
]
CODECS = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "utf-7", "cp037", "shift_jis"]


@cache
def good_files() -> list[bytes]:
    """The files that damage is done to."""
    rows = [*rows_at(ELM, 6), *rows_at(OAK, 3, first=21), *rows_at("Nobody", 2, first=31)]
    rows[2]["Model"], rows[3]["Trim"] = "Caf\u00e9 \u20ac", '12" screen, red'
    plain = make_csv(rows=rows)
    quoted = "\r\n".join(
        ",".join(f'"{cell}"' for cell in line.split(","))
        for line in make_csv(rows=rows_at(ELM, 5)).decode().split("\r\n")[:6]
    )
    mileage = b"\r\n".join(
        line + b",1000" if at else line + b",Mileage"
        for at, line in enumerate(make_csv(rows=rows_at(ELM, 5)).splitlines())
    )
    second = make_csv(
        rows=[make_row(number=n, location=ELM, Price="Please Call", Status="In Transit") for n in range(1, 8)]
    )
    return [
        plain,
        quoted.encode() + b"\r\n",
        mileage + b"\r\n",
        b",,2025-07-08,,\r\n" + second,
        b"\xef\xbb\xbf" + plain,
    ]


def flip_bits(data: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 5, 50])):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def overwrite(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + dice.randbytes(dice.choice([1, 2, 4, 40])) + data[at + dice.choice([0, 1, 4]) :]


def cut_off(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def lose_a_piece(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + data[at + dice.choice([1, 10, 100, 1000]) :]


def repeat_a_piece(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    end = at + dice.choice([1, 10, 200, 2000])
    return data[:end] + data[at:end] * dice.choice([1, 3]) + data[end:]


def insert_a_text(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data))
    return data[:at] + dice.choice(NASTY_CELLS).encode() + data[at:]


def begin_otherwise(data: bytes, dice: random.Random) -> bytes:
    return dice.choice(MAGICS) + data


def pad_with_nul(data: bytes, dice: random.Random) -> bytes:
    return data + b"\0" * dice.choice([1, 2, 600, 5000])


def encode_otherwise(data: bytes, dice: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(dice.choice(CODECS), "replace")


def encode_twice(data: bytes, dice: random.Random) -> bytes:
    return data.decode("cp1252", "replace").encode()


def end_lines_otherwise(data: bytes, dice: random.Random) -> bytes:
    return data.replace(b"\r\n", dice.choice([b"\n", b"\r", b"\n\r", b"\r\r\n", b"\x85", b"\n\n"]))


def delimit_otherwise(data: bytes, dice: random.Random) -> bytes:
    mark = dice.choice([b";", b"\t", b"|", b":", b" ", b",,"])
    declaration = b"sep=" + mark + b"\r\n" if dice.random() < 0.3 else b""
    return declaration + data.replace(b",", mark, dice.choice([1, 30, -1]))


def replace_a_cell(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    cells = lines[at].split(b",")
    cells[dice.randrange(len(cells))] = dice.choice(NASTY_CELLS).encode("utf-8", "surrogatepass")
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def shift_a_row(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    cells = lines[at].split(b",")
    where = dice.randrange(len(cells))
    if dice.random() < 0.5:
        cells.insert(where, b"")
    else:
        del cells[where]
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def mix_the_rows(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    if dice.random() < 0.5:
        lines += dice.choices(lines, k=3)
    else:
        dice.shuffle(lines)
    return b"\n".join(lines)


def widen(data: bytes, dice: random.Random) -> bytes:
    extra = b",x" * dice.choice([1, 3, 200])
    return b"\n".join(line.rstrip(b"\r") + extra for line in data.split(b"\n"))


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    flip_bits, overwrite, cut_off, lose_a_piece, repeat_a_piece, insert_a_text, begin_otherwise, pad_with_nul,
    encode_otherwise, encode_twice, end_lines_otherwise, delimit_otherwise, mix_the_rows, widen,
    # What leaves most of a file readable comes more often: it goes deeper.
    *[replace_a_cell] * 8, *[shift_a_row] * 3,
]  # fmt: skip


def mutant(number: int) -> tuple[str, bytes]:
    """The names of what was done to a good file, and the bytes that came of it."""
    dice = random.Random(number)
    data, done = dice.choice(good_files()), []
    for _ in range(dice.choice([1, 1, 2, 3, 4])):
        if data:
            mutation = dice.choice(MUTATIONS)
            data = mutation(data, dice)
            done.append(mutation.__name__)
    return " ".join(done), data
