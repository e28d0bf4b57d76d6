"""The product's settings with a directory and a database server of this run's own.

Two runs at once, or a run beside a working installation, never meet. With DATABASE_URL the tests use that server.
"""

import os
import secrets
import tempfile
from pathlib import Path

# Worker processes of the run, and programs that tests start, share what the first process has made.
if "TEST_RUN_PID" not in os.environ:
    os.environ["TEST_RUN_PID"] = str(os.getpid())
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="silverfox-tests-")
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))

from silverfox.settings import *  # noqa: F403 - after the environment is set; all of them by intention

STATIC_ROOT = Path(os.environ["VAR_DIR"]) / "static" / os.environ.get("PYTEST_XDIST_WORKER", "main")
# Otherwise every test client reads the whole directory of static files.
WHITENOISE_AUTOREFRESH = True
# Fast instead of strong: many tests make users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
