"""Only the fetching package asks foreign servers for anything."""

import ast
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ["silverfox", "foundation", "jobs", "dealerships", "inventory", "orders", "scrapers"]
CLIENTS = {
    "aiohttp", "asyncio", "ftplib", "http.client", "httpcore", "httpx", "imaplib", "nntplib", "poplib", "requests",
    "smtplib", "socket", "ssl", "telnetlib", "urllib.request", "urllib3", "xmlrpc",
}  # fmt: skip
# They ask for the name of the machine, and whether the servers that they start themselves are up; the measurement asks
# the fake dealer web of this machine.
HARMLESS = {
    ("jobs/claims.py", "socket"),
    ("jobs/operations/heartbeats.py", "socket"),
    ("jobs/operations/incarnations.py", "socket"),
    ("jobs/supervisor.py", "socket"),
    ("silverfox/benchmarks/fake_web.py", "httpx"),
    ("silverfox/management/commands/run.py", "socket"),
}
SERVERS = "scrapers/fake_web/"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def clients_of(path: Path) -> set[str]:
    names = set(imported(path))
    return {client for client in CLIENTS for name in names if f"{name}.".startswith(f"{client}.")}


def test_nothing_but_the_fetching_package_imports_a_client_or_a_socket() -> None:
    paths = {str(path.relative_to(PROJECT)): path for package in PACKAGES for path in (PROJECT / package).rglob("*.py")}
    users = {(name, client) for name, path in paths.items() for client in clients_of(path)}
    fetching = {client for name, client in users if name.startswith("scrapers/fetching/")}
    assert fetching == {"httpcore", "httpx", "socket", "ssl"}
    assert {user for user in users if not user[0].startswith(("scrapers/fetching/", SERVERS))} == HARMLESS
