"""Asks one address through a fetcher and prints what came of it and the most memory that the program ever had."""

import sys
from pathlib import Path

import django

django.setup()

from scrapers.domain.shapes import Kind, Request  # noqa: E402 - behind the set-up of its settings
from scrapers.fetching import Fetcher, FetchError, Guard  # noqa: E402

port = int(sys.argv[1])
guard = Guard(ports={port}, resolver=lambda _: ["127.0.0.1"], may_connect=lambda _: True)
with Fetcher(hosts=["www.dealer.test"], guard=guard) as fetcher:
    try:
        size = len(fetcher.fetch(Request(kind=Kind.LIST, url=f"http://www.dealer.test:{port}/")).answer.body)
        sys.stdout.write(f"read {size}\n")
    except FetchError as error:
        sys.stdout.write(f"{error.code}\n")
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
sys.stdout.write(f"{int(status['VmHWM'].split()[0]) // 1024}\n")
