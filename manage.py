#!/usr/bin/env python
"""Entry point of every Silver Fox command."""

import json
import os
import sys

from django.core.management import execute_from_command_line

from foundation.errors import SilverFoxError


def main() -> None:
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Closed by the shell; without a place to go the first word would fail.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "silverfox.settings")
    try:
        execute_from_command_line(sys.argv)
    except SilverFoxError as error:
        if "--json" in sys.argv:
            print(json.dumps({**error.detail, "error": {"code": error.code, "message": error.message}}, indent=1))
        print(error.message.encode("ascii", "backslashreplace").decode("ascii"), file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
