from typing import Any

from django.core.management.base import CommandParser

from foundation.commands import JsonCommand, Outcome
from foundation.errors import BadInput
from silverfox.benchmarks import batch_operations, cao_operations, import_operations, order_operations, qr_operations
from silverfox.benchmarks.comparing import read_comparison
from silverfox.benchmarks.own_database import is_own, manage_there

_VEHICLES = {"cao": 600, "batch": 60}


class Command(JsonCommand):
    help = "Measure a part of the program against what a usual one would do; your data stays as it was."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("part", choices=["import", "cao", "qr", "order", "batch"])
        parser.add_argument("--rows", type=int, default=100_000, help="import: rows of the generated file")
        parser.add_argument("--vehicles", type=int, help="cao: vehicles on the lot (600); batch: of a dealership (60)")
        parser.add_argument("--dealerships", type=int, default=36, help="batch: dealerships, each with one order")
        parser.add_argument("--codes", type=int, default=200, help="qr: codes of a round")
        parser.add_argument("--orders", type=int, default=36, help="order: orders of a round")
        parser.add_argument("--lines", type=int, default=25, help="order: vehicles of an order")
        parser.add_argument("--log-entries", type=int, default=30_000, help="cao: entries of the VIN log")
        parser.add_argument("--rounds", type=int, default=3, help="rounds of each way, in turns")
        parser.add_argument("--only-memory", action="store_true", help="import: stage the rows once, print the memory")

    def run(self, **options: Any) -> Outcome:
        options["vehicles"] = _VEHICLES.get(options["part"]) if options["vehicles"] is None else options["vehicles"]
        for name in ("rows", "vehicles", "dealerships", "log_entries", "codes", "orders", "lines", "rounds"):
            if options[name] is not None and options[name] < 1:
                raise BadInput(f"--{name.replace('_', '-')} must be 1 or more.")
        if options["part"] == "qr":
            return compare_qr(options["codes"], options["rounds"])
        if options["part"] == "order":
            return compare_order(options["orders"], options["lines"], options["rounds"])
        if options["part"] == "batch":
            return measure_batch(options["dealerships"], options["vehicles"])
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


def measure_batch(dealerships: int, vehicles: int) -> Outcome:
    size = {"part": "batch", "dealerships": dealerships, "vehicles": vehicles}
    if not is_own():
        # It commits, so it calls itself where nothing of the user's is.
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
