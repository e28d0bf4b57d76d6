from collections.abc import Callable, Mapping
from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from silverfox.benchmarks import (
    batch_operations,
    cao_operations,
    import_operations,
    order_operations,
    page_operations,
    qr_operations,
    review_operations,
    scrape_operations,
)
from silverfox.benchmarks.browsing import HOST
from silverfox.benchmarks.comparing import read_comparison
from silverfox.benchmarks.fake_web import started_fake_web
from silverfox.benchmarks.own_database import is_own, manage_there

# What an option is where it is not given, by the part that knows it.
_USUAL = {
    "vehicles": {"cao": 600, "batch": 60, "review": 500, "pages": 300},
    "dealerships": {"batch": 36, "pages": 200},
    "log_entries": {"cao": 30_000, "review": 30_000, "pages": 300},
    "lines": {"order": 25, "pages": 500},
}
# In smaller lots no vehicle with a final VIN would be left.
_LEAST_SCALE, _MOST_SCALE = 0.2, 10


class Command(JsonCommand):
    help = "Measure a part of the program against what a usual one would do; your data stays as it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=["import", "cao", "qr", "order", "batch", "scrape", "review", "pages"])
        parser.add_argument("--rows", type=int, default=100_000, help="import: rows of the generated file")
        parser.add_argument(
            "--vehicles",
            type=int,
            help="cao: vehicles on the lot (600); batch, pages: of a dealership (60, 300); review: of the order (500)",
        )
        parser.add_argument(
            "--dealerships", type=int, help="batch: dealerships, each with one order (36); pages: of the shop (200)"
        )
        parser.add_argument("--codes", type=int, default=200, help="qr: codes of a round")
        parser.add_argument("--orders", type=int, default=36, help="order: orders of a round")
        parser.add_argument("--lines", type=int, help="order: vehicles of an order (25); pages: of a large one (500)")
        parser.add_argument(
            "--log-entries",
            type=int,
            help="cao, review: entries of the VIN log (30,000); pages: of each dealership (300)",
        )
        parser.add_argument("--rounds", type=int, default=3, help="rounds of each way, in turns")
        parser.add_argument("--scale", type=float, default=1.0, help="scrape: multiplies the sizes of the lots")
        parser.add_argument("--websites", type=int, default=40, help="scrape: how many are read")
        parser.add_argument("--real-pace", action="store_true", help="scrape: as slowly as real websites are asked")
        parser.add_argument("--only-memory", action="store_true", help="import: stage the rows once, print the memory")

    def run(self, **options: Any) -> Outcome:
        for name, usual in _USUAL.items():
            options[name] = usual.get(options["part"]) if options[name] is None else options[name]
        for name in (
            "rows",
            "vehicles",
            "dealerships",
            "log_entries",
            "codes",
            "orders",
            "lines",
            "rounds",
            "websites",
        ):
            if options[name] is not None and options[name] < 1:
                raise BadInput(f"--{name.replace('_', '-')} must be 1 or more.")
        if not _LEAST_SCALE <= options["scale"] <= _MOST_SCALE:
            raise BadInput(f"--scale must be {_LEAST_SCALE:g} to {_MOST_SCALE:g}.")
        if options["part"] == "qr":
            return compare_qr(options["codes"], options["rounds"])
        if options["part"] == "order":
            return compare_order(options["orders"], options["lines"], options["rounds"])
        if options["part"] in _MEASURED_APART:
            return _MEASURED_APART[options["part"]](options)
        if options["part"] == "cao":
            return compare_cao(options["vehicles"], options["log_entries"], options["rounds"])
        if options["only_memory"]:
            peak = import_operations.stage_and_weigh(rows=options["rows"])
            return Outcome({"rows": options["rows"], "peak_mib": peak}, f"{options['rows']:,} rows: {peak:.1f} MiB.")
        return compare_import(options["rows"], options["rounds"])


def compare_import(rows: int, rounds: int) -> Outcome:
    few = max(rows // 10, 1)
    # Before anything large is in memory here: a new process may count its parent's memory as its own.
    peaks = {number: import_operations.measure_memory(rows=number) for number in (few, rows)}
    difference = peaks[rows] - peaks[few]
    comparison, reading = import_operations.compare_imports(rows=rows, rounds=rounds)
    memory = {
        "rows": peaks,
        "difference_mib": round(difference, 1),
        "target_mib": import_operations.MOST_MEMORY_MIB,
    }
    text = (
        f"Import of {rows:,} rows into raw vehicles and vehicles:\n{comparison.describe()}\n"
        f"  Reading and normalising alone, a part of both: {reading:.4f} s\n"
        f"Peak memory: {few:,} rows {peaks[few]:.1f} MiB, {rows:,} rows {peaks[rows]:.1f} MiB; "
        f"difference {difference:.1f} MiB (target {import_operations.MOST_MEMORY_MIB} or less)"
    )
    times = {**comparison.document(), "reading_seconds": round(reading, 6)}
    return Outcome({"part": "import", "rows": rows, **times, "memory": memory}, text)


def compare_cao(vehicles: int, log_entries: int, rounds: int) -> Outcome:
    comparison = cao_operations.compare_selections(vehicles=vehicles, log_entries=log_entries, rounds=rounds)
    size = {"part": "cao", "vehicles": vehicles, "log_entries": log_entries}
    text = f"CAO of {vehicles:,} vehicles, VIN log of {log_entries:,} entries:\n{comparison.describe()}"
    return Outcome({**size, **comparison.document()}, text)


def compare_qr(codes: int, rounds: int) -> Outcome:
    comparisons = qr_operations.compare_codes(codes=codes, rounds=rounds)
    text = "\n".join([f"{codes:,} QR codes in one process:", *(comparison.describe() for comparison in comparisons)])
    documents = [comparison.document() for comparison in comparisons]
    return Outcome({"part": "qr", "codes": codes, "comparisons": documents}, text)


def compare_order(orders: int, lines: int, rounds: int) -> Outcome:
    comparison = order_operations.compare_orders(orders=orders, vehicles=lines, rounds=rounds)
    text = f"{orders:,} orders of {lines:,} vehicles, from approved to released:\n{comparison.describe()}"
    return Outcome({"part": "order", "orders": orders, "lines": lines, **comparison.document()}, text)


def measure_batch(options: Mapping[str, Any]) -> Outcome:
    dealerships, vehicles = options["dealerships"], options["vehicles"]
    size = {"part": "batch", "dealerships": dealerships, "vehicles": vehicles}
    if not is_own():
        document = manage_there("benchmark", "batch", f"--dealerships={dealerships}", f"--vehicles={vehicles}")
        return Outcome(document, describe_batch(document))
    measured = batch_operations.measure_batch(dealerships=dealerships, vehicles=vehicles)
    document = {**size, **measured.document()}
    return Outcome(document, describe_batch(document))


def describe_batch(found: dict[str, Any]) -> str:
    preparing, producing = found["preparing_seconds"] / 60, found["producing_seconds"] / 60
    memory, log = found["memory_mb"], found["vin_log"]
    queue = ", ".join(f"{peak:.0f}" for peak in memory["queue"])
    shares = ", ".join(f"{part} {share:.0%}" for part, share in found["shares"].items())
    return (
        f"Batch of {found['dealerships']:,} dealerships x {found['vehicles']:,} vehicles, {log['codes']:,} QR codes:\n"
        f"  preparing {preparing:.2f} min, producing {producing:.2f} min, "
        f"together {preparing + producing:.2f} min (goal {found['goal_seconds'] / 60:.0f} or less)\n"
        f"{read_comparison(found).describe()}\n"
        f"Most memory of a process: supervisor {memory['supervisor']:.0f} MB; processes of the queue {queue} MB "
        f"(goal less than {found['goal_mb']} each)\n"
        f"Time of an order: {shares}\n"
        f"VIN log: {log['lines']:,} lines, each logged once: {log['lost']} lost, {log['doubled']} doubled."
    )


def measure_scrape(options: Mapping[str, Any]) -> Outcome:
    scale, websites = options["scale"], options["websites"]
    if not is_own():
        with started_fake_web(scale=scale) as address:
            variables = {"SCRAPER_FAKE_WEB": address, "SCRAPER_REAL_PACE": str(int(options["real_pace"]))}
            document = manage_there("benchmark", "scrape", f"--scale={scale}", f"--websites={websites}", **variables)
        return Outcome(document, describe_scrape(document))
    measured = scrape_operations.measure_scrape(websites=websites)
    document = {"part": "scrape", "scale": scale, **measured.document()}
    return Outcome(document, describe_scrape(document))


def describe_scrape(found: dict[str, Any]) -> str:
    slowest, peer = found["slowest"], found.get("peer")
    lines = [
        f"{found['websites']} websites of the fake dealer web, lots x {found['scale']:g}:",
        _describe_day("first day", found["first_day"], found["goal_seconds"]),
        _describe_day("second day", found["second_day"]),
        f"Most memory of the process: {found['memory_mb']:.0f} MB",
        (
            f"Slowest at its own pace: {slowest['dealership']}, {slowest['requests']:,} requests x "
            f"{slowest['pace_seconds']:g} s = {slowest['minutes']:.1f} min"
        ),
    ]
    if peer:
        shares = ", ".join(f"{part} {share:.0%}" for part, share in found["shares"].items())
        lines.insert(
            2, f"  {peer['name']}: {peer['seconds']:.1f} s; ours takes {peer['ours_to_peer']:.1f} times as long"
        )
        lines.append(f"Time of the second day, in one thread: {shares}")
    lines.append("Requests of a website, first and second day:")
    for platform, one in found["requests_by_platform"].items():
        first, second = ("-".join(map(str, sorted(set(one[day])))) for day in ("first_day", "second_day"))
        lines.append(f"  {platform:<14} {one['websites']:2}  {first:>8}  {second:>8}  usual: {one['usual']}")
    return "\n".join(lines)


def _describe_day(name: str, day: dict[str, Any], goal: float | None = None) -> str:
    return (
        f"  {name}: {day['seconds'] / 60:.2f} min{f' (goal {goal / 60:.0f} or less)' if goal else ''}, "
        f"{day['cpu_seconds']:.0f} s of them computing, "
        f"{day['requests']:,} requests, {day['vehicles']:,} vehicles, {day['vehicles_per_second']:.0f} per second; "
        f"{day['lost']} lost, {day['foreign']} foreign, {day['held']} websites held"
    )


def measure_review(options: Mapping[str, Any]) -> Outcome:
    lines, log_entries, rounds = options["vehicles"], options["log_entries"], options["rounds"]
    if not is_own():
        size = (f"--vehicles={lines}", f"--log-entries={log_entries}", f"--rounds={rounds}")
        document = manage_there("benchmark", "review", *size, ALLOWED_HOSTS=HOST)
        return Outcome(document, describe_review(document))
    times, comparison = review_operations.measure_review(lines=lines, log_entries=log_entries, rounds=rounds)
    size_of = {"part": "review", "lines": lines, "log_entries": log_entries}
    document = {**size_of, **review_operations.times_document(times), **comparison.document()}
    return Outcome(document, describe_review(document))


def describe_review(found: dict[str, Any]) -> str:
    goals = found["goals"]
    return (
        f"Review of {found['lines']:,} lines, VIN log of {found['log_entries']:,} entries:\n"
        f"  the page: {found['page_ms']:.1f} ms (goal less than {goals['page_ms']}), "
        f"{found['page_bytes']:,} bytes (goal less than {goals['page_bytes']:,})\n"
        f"  opening a row: {found['open_row_ms']:.1f} ms (goal less than {goals['open_row_ms']})\n"
        f"  saving a row: {found['save_row_ms']:.1f} ms (goal less than {goals['save_row_ms']})\n"
        f"{read_comparison(found).describe(found['rounds'])}"
    )


def measure_pages(options: Mapping[str, Any]) -> Outcome:
    size = {name: options[name] for name in ("dealerships", "vehicles", "log_entries", "lines", "rounds")}
    if not is_own():
        words = [f"--{name.replace('_', '-')}={number}" for name, number in size.items()]
        document = manage_there("benchmark", "pages", *words, ALLOWED_HOSTS=HOST)
        return Outcome(document, describe_pages(document))
    goals = {"goal_ms": page_operations.GOAL_MS, "goal_bytes": page_operations.GOAL_BYTES}
    document = {"part": "pages", **size, **goals, "pages": page_operations.measure_pages(**size)}
    return Outcome(document, describe_pages(document))


def describe_pages(found: dict[str, Any]) -> str:
    head = (
        f"Pages of a shop with {found['dealerships']:,} dealerships, {found['vehicles']:,} vehicles and "
        f"{found['log_entries']:,} log entries each; medians of {found['rounds']} requests "
        f"(goals: less than {found['goal_ms']} ms, less than {found['goal_bytes']:,} bytes):"
    )
    lines = [f"  {page['ms']:7.1f} ms {page['bytes']:9,} bytes  {page['page']}" for page in found["pages"]]
    return "\n".join([head, *lines])


# They commit, so each calls itself where nothing of the user's is.
_MEASURED_APART: dict[str, Callable[[Mapping[str, Any]], Outcome]] = {
    "batch": measure_batch,
    "scrape": measure_scrape,
    "review": measure_review,
    "pages": measure_pages,
}
