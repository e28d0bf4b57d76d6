"""Reads the environment; a value that cannot be used stops the start and is named with its fault."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from foundation.errors import BadInput

LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
MINIMUM_KEY_LENGTH = 50
ENCRYPTED_SSL_MODES = {"require", "verify-ca", "verify-full"}


def text(name: str, default: str = "") -> str:
    """Give the variable without surrounding blanks, `default` when it is absent or empty."""
    return os.environ.get(name, "").strip() or default


def secret(name: str) -> str:
    """Give the variable, or the content of the file that NAME_FILE names; both at once raise `BadInput`."""
    value, path = text(name), text(f"{name}_FILE")
    if value and path:
        raise BadInput(f"{name} and {name}_FILE are both set: keep one of them.")
    if not path:
        return value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{name}_FILE: cannot read {path} ({error}).") from error


def flag(name: str) -> bool:
    """Give a yes or no, no when absent; other words raise `BadInput`."""
    value = text(name, "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no", "on", "off"}:
        raise BadInput(f"{name} is {value!r}: use 1 or 0.")
    return value in {"1", "true", "yes", "on"}


def number(name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Give a whole number within its bounds; anything else raises `BadInput`."""
    value = text(name, str(default))
    if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
        raise BadInput(f"{name} is {value!r}: use a whole number from {minimum} to {maximum}.")
    return int(value)


def words(name: str, default: list[str] | None = None) -> list[str]:
    """Give the entries of a comma-separated list, `default` when there are none."""
    return [word.strip() for word in text(name).split(",") if word.strip()] or list(default or [])


def origins(name: str) -> list[str]:
    """Give a list of origins (scheme and host); an entry without http or https raises `BadInput`."""
    entries = words(name)
    for entry in entries:
        if not entry.startswith(("http://", "https://")):
            raise BadInput(f"{name}: {entry!r} has no scheme: write https://{entry}.")
    return entries


def printable(name: str, default: str) -> str:
    """Give a line of plain letters that may stand in a header; other characters raise `BadInput`."""
    value = text(name, default)
    if not (value.isascii() and value.isprintable()):
        raise BadInput(f"{name} holds other characters than plain letters, digits and signs: write it without them.")
    return value


def fake_web(name: str, *, in_production: bool) -> str:
    """Give the address and port of a fake dealer web on this machine, empty when there is none.

    Raises `BadInput` for another machine's, and for any in production: all websites would be replaced by it.
    """
    value = text(name)
    address, _, port = value.rpartition(":")
    if not value:
        return ""
    if address not in {"127.0.0.1", "[::1]"} or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadInput(f"{name} is {value!r}: use 127.0.0.1 and a port, such as 127.0.0.1:8123.")
    if in_production:
        raise BadInput(
            f"{name} is set, and ALLOWED_HOSTS lets other machines in with DEBUG off: an installation for work reads"
            " real websites only. Remove the variable."
        )
    return value


def directory(name: str, default: Path) -> Path:
    """Give an absolute directory, made when it is absent; one that cannot be written raises `BadInput`."""
    path = Path(text(name, str(default))).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{name}: cannot make {path} ({error.strerror}).") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadInput(f"{name}: {path} cannot be written by this user.")
    return path


def secret_key(name: str, *, kept_in: Path | None) -> str:
    """Give the key that signs sessions and queue entries; too short a key raises `BadInput`.

    With `kept_in` (an installation with its own database) a missing key is made once and kept there, readable by
    its owner only; otherwise a missing key raises `BadInput`.
    """
    key = secret(name)
    if not key and kept_in:
        return _kept_key(kept_in)
    if not key:
        raise BadInput(
            f"{name} is not set: with DATABASE_URL set it to {MINIMUM_KEY_LENGTH} or more random characters."
        )
    if len(key) < MINIMUM_KEY_LENGTH:
        raise BadInput(f"{name} has {len(key)} characters: use {MINIMUM_KEY_LENGTH} or more random ones.")
    return key


def _kept_key(path: Path) -> str:
    if not path.exists():
        _keep_new_key(path)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < MINIMUM_KEY_LENGTH:
        raise BadInput(f"{path} is damaged: delete it, a new key is made at the next start (everybody signs in again).")
    return key


def _keep_new_key(path: Path) -> None:
    # Linking a finished file lets two processes start at once and agree on one complete key.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def database(url: str) -> dict[str, Any]:
    """Give Django's description of the PostgreSQL server that `url` names; raises `BadInput` for what is no such URL.

    A server on another machine is used with TLS only: passwords and orders do not cross a network in the clear.
    """
    parts = _split(url)
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise BadInput("DATABASE_URL names no database: write postgresql://user:password@host:5432/name.")
    options: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    _require_tls(host, options)
    return {
        "ENGINE": "silverfox.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadInput(f"DATABASE_URL is not a URL ({error}).") from error
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadInput(f"DATABASE_URL has the scheme {parts.scheme!r}: Silver Fox works with postgresql:// only.")
    return parts


def _require_tls(host: str, options: dict[str, Any]) -> None:
    if host in {"", "localhost", "127.0.0.1", "::1"} or host.startswith("/"):
        return
    mode = options.setdefault("sslmode", "require")
    if mode not in ENCRYPTED_SSL_MODES:
        raise BadInput(f"DATABASE_URL: sslmode={mode} sends data to {host} unencrypted: use require or verify-full.")
