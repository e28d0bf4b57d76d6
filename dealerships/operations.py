"""The verbs of dealerships: find one by any of its names, load the table of dealerships."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from psycopg2.errors import CheckViolation

from dealerships.domain.names import fold_name
from dealerships.domain.rewrites import BUILT_IN
from dealerships.domain.rules import RuleError
from dealerships.domain.table import OUTPUT_TEMPLATE_COLUMNS, DealershipRow, TableError, read_table
from dealerships.models import Dealership, DealershipAlias, OutputTemplate, PathProfile, TextRewrite
from foundation.errors import BadInput, Refused

SHIPPED_TABLE = Path(__file__).parent / "data" / "dealerships.csv"
DEFAULT_PROFILE = {"name": "Nick", "base": r"C:\Users\Nick_Workstation\Documents\QRS"}


@dataclass
class LoadResult:
    created: int = 0
    updated: int = 0
    unchanged: int = 0


def find_dealership(*, name: str) -> Dealership:
    """The dealership that answers to `name`: its name, an alias or else its short code, without case and punctuation.

    Raises `BadInput` with the nearest names when there is none.
    """
    folded = fold_name(name)
    dealerships = Dealership.objects
    dealership = (
        dealerships.filter(aliases__folded=folded).first()
        or dealerships.filter(short_code__iexact=name.strip()).first()
    )
    if dealership is None:
        raise BadInput(_unknown_dealership(name, folded), code="unknown_dealership")
    return dealership


def _unknown_dealership(name: str, folded: str) -> str:
    names = dict(DealershipAlias.objects.values_list("folded", "dealership__name"))
    if not names:
        return f"There is no dealership {name!r}; none are loaded yet. Run load_dealerships first."
    near = list(dict.fromkeys(names[key] for key in difflib.get_close_matches(folded, names, n=5, cutoff=0.5)))[:3]
    hint = f" Did you mean {' or '.join(near)}?" if near else " The names are listed on the dealerships page."
    return f"There is no dealership {name!r}.{hint}"


def load_dealerships(*, path: Path = SHIPPED_TABLE) -> LoadResult:
    """Create or update dealerships and aliases from the table at `path`; a second run changes nothing.

    A field is updated only while it still holds what the table gave it before, so a manager's change stays; so does
    a dealership that a manager made, and a name that a manager gave to another dealership.
    Raises `BadInput` for a file that cannot be read or used; then nothing is changed.
    """
    rows = _read_rows(path)
    with transaction.atomic():
        profile = _first_profile()
        known = {d.loaded_values.get("name", d.name): d for d in Dealership.objects.select_for_update()}
        result = LoadResult()
        for row in rows:
            _load_row(row, known.get(row.values["name"]), profile, result)
    return result


def _first_profile() -> PathProfile:
    """The profile that a new dealership gets; its lock lets one load at a time go on."""
    profile = PathProfile.objects.select_for_update().order_by("pk").first()
    return profile or PathProfile.objects.get_or_create(name=DEFAULT_PROFILE["name"], defaults=DEFAULT_PROFILE)[0]


def _read_rows(path: Path) -> list[DealershipRow]:
    codes = OutputTemplate.objects.values_list("code", flat=True)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_table(lines, output_templates=list(codes))
    except OSError as error:
        raise BadInput(f"The table {path} cannot be read: {error.strerror}. Name an existing CSV file.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The table {path} is not UTF-8 text. Save it as CSV UTF-8.") from error
    except TableError as error:
        raise BadInput(str(error)) from error


def _load_row(row: DealershipRow, dealership: Dealership | None, profile: PathProfile, result: LoadResult) -> None:
    loaded = {**(dealership.loaded_values if dealership else {}), **row.values, "aliases": list(row.aliases)}
    if dealership is None:
        values = {_stored(name): value for name, value in row.values.items()}
        created = Dealership(**values, loaded_values=loaded, path_profile=profile)
        _save(created, row)
        _add_aliases(created, row.aliases, row)
        if created.text_rewrites:
            add_built_in_rewrites(dealership=created)
        result.created += 1
    elif not dealership.loaded_values or dealership.loaded_values == loaded:
        result.unchanged += 1
    else:
        _update_untouched(dealership, row, loaded)
        result.updated += 1


def _update_untouched(dealership: Dealership, row: DealershipRow, loaded: dict[str, Any]) -> None:
    """Take over new values of the table where the dealership still has the old ones, and names new to the table."""
    before, untouched = dealership.loaded_values, Dealership()
    rewrote = dealership.text_rewrites
    for name, value in row.values.items():
        now = getattr(dealership, _stored(name))
        if _plain(now) == before[name] if name in before else now == getattr(untouched, _stored(name)):
            setattr(dealership, _stored(name), value)
    dealership.loaded_values = loaded
    _save(dealership, row)
    _add_aliases(dealership, [text for text in row.aliases if text not in before.get("aliases", [])], row)
    if dealership.text_rewrites and not rewrote:
        add_built_in_rewrites(dealership=dealership)


def _save(item: Dealership | DealershipAlias, row: DealershipRow) -> None:
    try:
        item.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise BadInput(f"Row {row.number} ({row.values['name']}), {field}: {messages[0]}") from error
    item.save()


def _stored(name: str) -> str:
    """The attribute that holds what the table says: the code itself for a key to an output template."""
    return f"{name}_id" if name in OUTPUT_TEMPLATE_COLUMNS else name


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, bool, list)) else str(value)


def _add_aliases(dealership: Dealership, texts: Iterable[str], row: DealershipRow) -> None:
    """Add names that nobody has yet; a name that a manager gave to another dealership stays there."""
    for text in texts:
        if not DealershipAlias.objects.filter(folded=fold_name(text)).exists():
            _save(DealershipAlias(dealership=dealership, text=text), row)


def add_built_in_rewrites(*, dealership: Dealership) -> None:
    """Give a dealership that has no text rewrites yet the built-in ones, in their order."""
    with transaction.atomic():
        if dealership.rewrites.exists():
            return
        for position, rule in enumerate(BUILT_IN, start=1):
            values = asdict(rule) | {"texts": list(rule.texts), "model_contains": list(rule.model_contains)}
            TextRewrite.objects.create(dealership=dealership, position=position, **values)


def attach_name(*, dealership: Dealership, text: str) -> DealershipAlias:
    """Let `dealership` answer to a further name. Raises `BadInput` when the name is taken or has no letter or digit."""
    alias = DealershipAlias(dealership=dealership, text=text.strip())
    try:
        with transaction.atomic():
            alias.full_clean()
            alias.save()
    except ValidationError as error:
        raise BadInput(f"{text!r} was not attached: {' '.join(error.messages)}", code="name_not_attached") from error
    return alias


def attach_names(*, names: Mapping[str, str]) -> list[DealershipAlias]:
    """Let dealerships, named by any of their names, answer to further ones: all of them, or none with `BadInput`."""
    with transaction.atomic():
        return [attach_name(dealership=find_dealership(name=name), text=text) for text, name in names.items()]


def detach_name(*, alias: DealershipAlias, actor: User | None) -> None:
    """Let the dealership answer to this further name no more. Raises `Refused` for the name by which it goes."""
    if alias.folded == fold_name(alias.dealership.name):
        raise Refused(f"{alias} is the dealership's own name; it stays attached.", code="own_name")
    # Where the library of the history looks for it.
    alias._history_user = actor  # type: ignore[attr-defined]
    alias.delete()


@contextmanager
def _output_template_offered() -> Iterator[None]:
    """Whoever chooses an output template in the moment in which it is retired is stopped by the database."""
    try:
        yield
    except IntegrityError as error:
        if not isinstance(error.__cause__, CheckViolation):
            raise
        raise Refused(f"{error.__cause__.diag.message_primary} Nothing was changed.", code="retired") from error


def change_dealerships(*, dealerships: Iterable[Dealership], values: dict[str, Any]) -> int:
    """Give each of the dealerships the same values, all or none; gives how many differed before and are changed.

    Raises `BadInput` naming the dealership whose rules would contradict each other, and `Refused` for an output
    template that was retired meanwhile.
    """
    changed = 0
    with _output_template_offered(), transaction.atomic():
        for dealership in Dealership.objects.select_for_update().filter(pk__in=[d.pk for d in dealerships]):
            if all(getattr(dealership, name) == value for name, value in values.items()):
                continue
            for name, value in values.items():
                setattr(dealership, name, value)
            try:
                dealership.save()
            except RuleError as error:
                raise BadInput(f"{dealership}: {error} Nothing was changed.", code="contradiction") from error
            changed += 1
    return changed
