"""The demonstration's users: one of each role, with random passwords that only this machine's owner can read."""

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group, User

ROLES = ("viewer", "staff", "manager")
SUPERUSER = "admin"
_PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Login:
    """What a person types to sign in."""

    username: str
    password: str

    def document(self) -> dict[str, str]:
        return asdict(self)


def make_users() -> list[Login]:
    """Make a user per role and a superuser, and keep their logins for this machine's owner."""
    logins = [Login(name, secrets.token_urlsafe(_PASSWORD_BYTES)) for name in (*ROLES, SUPERUSER)]
    for login in logins:
        may_administer = login.username in {"manager", SUPERUSER}
        user = User.objects.create_user(login.username, password=login.password, is_staff=may_administer)
        if login.username == SUPERUSER:
            user.is_superuser = True
            user.save(update_fields=["is_superuser"])
        else:
            user.groups.add(Group.objects.get_or_create(name=login.username)[0])
    _keep(logins)
    return logins


def kept_logins() -> list[Login]:
    """The logins that were kept and still open the door; none when nothing was kept."""
    path = _path()
    if not path.exists():
        return []
    logins = [Login(*line.split()) for line in path.read_text(encoding="ascii").splitlines()]
    users = {user.get_username(): user for user in User.objects.filter(is_active=True)}
    return [
        login for login in logins if login.username in users and users[login.username].check_password(login.password)
    ]


def _keep(logins: list[Login]) -> None:
    path = _path()
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("".join(f"{login.username} {login.password}\n" for login in logins), encoding="ascii")


def _path() -> Path:
    return Path(settings.VAR_DIR) / "demo_users.txt"
