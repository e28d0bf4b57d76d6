"""The verbs of output templates: the versions that an order is prepared with, export, import, retire, restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from simple_history.utils import bulk_update_with_history

from dealerships.models import Dealership, OutputTemplate
from foundation.errors import BadInput, Refused
from orders.domain.output_template_data import output_template_data, output_template_from
from orders.domain.output_templates import OutputTemplate as TypedOutputTemplate
from orders.models import OutputTemplateVersion

NAMED = 10


@dataclass(frozen=True, kw_only=True)
class ChosenVersions:
    """The versions for new and for all other vehicles; `notice` is what review tells about the choice."""

    new: OutputTemplateVersion
    used: OutputTemplateVersion
    notice: str = ""


def find_output_template(*, code: str) -> OutputTemplate:
    """The output template with this code. Raises `BadInput` with the known codes when there is none."""
    row = OutputTemplate.objects.filter(code=code).first()
    if row is None:
        known = ", ".join(OutputTemplate.objects.offered().values_list("code", flat=True))
        raise BadInput(f"There is no output template named {code!r}; choose one of {known}.", code="unknown_template")
    return row


def newest_version(*, output_template: OutputTemplate) -> OutputTemplateVersion | None:
    """The version that an order prepared now gets; none for a layout that nobody has described yet."""
    return output_template.versions.select_related("output_template").order_by("-number").first()


def choose_versions(*, dealership: Dealership) -> ChosenVersions:
    """The versions by which an order of the dealership is printed from now on.

    One that is chosen serves all vehicles. None chosen, or a layout that nobody has described yet, gives the default
    output template with a notice. The database lets no dealership choose a retired one.
    """
    default = OutputTemplateVersion.objects.filter(output_template__is_default=True).latest("number")
    new_row = dealership.template_new or dealership.template_used
    used_row = dealership.template_used or dealership.template_new
    if new_row is None or used_row is None:
        notice = (
            f"This dealership has no output template; its lines use {default.output_template}. Choose one on its page."
        )
        return ChosenVersions(new=default, used=default, notice=notice)
    new, used = newest_version(output_template=new_row), newest_version(output_template=used_row)
    undescribed = [row.name for row, version in ((new_row, new), (used_row, used)) if version is None]
    notice = (
        f"The {undescribed[0].lower()} layout of this dealership is not described yet; "
        f"its lines use {default.output_template}."
        if undescribed
        else ""
    )
    return ChosenVersions(new=new or default, used=used or default, notice=notice)


def export_output_template(*, code: str) -> dict[str, Any]:
    """The newest version of an output template as JSON data that imports as the same.

    Raises `BadInput` for an unknown code and `Refused` for a layout that nobody has described yet.
    """
    version = newest_version(output_template=find_output_template(code=code))
    if version is None:
        raise Refused(
            f"The output template {code!r} has no columns yet; import a description of it.", code="no_version"
        )
    return output_template_data(version.as_output_template())


class VersionConflict(Refused):
    """Somebody else saved a version after the one that the change is based on; nothing was overwritten."""

    default_code = "version_conflict"


def save_version(
    *,
    data: dict[str, Any],
    based_on: int | None = None,
    is_new: bool = False,
    actor: User | None = None,
    note: str = "",
) -> tuple[OutputTemplateVersion, bool]:
    """Add the output template that JSON data describes, or a new version of it where columns or options differ.

    Gives the version in force, and whether it is new; a new name alone makes none. `based_on` is the number of the
    version that the change was made from, 0 for none; without it nobody is asked. Raises `BadInput` for data that
    describes no output template, for a name that another one has and, with `is_new`, for a code that another one has,
    `VersionConflict` when `based_on` is not the newest version, and `Refused` for a change of a built-in one or of an
    abbreviation, which names released files.
    """
    typed = output_template_from(data)
    data = output_template_data(typed)
    with _name_of_its_own(typed.name), transaction.atomic():
        row = _locked_row(typed, is_new=is_new)
        newest = newest_version(output_template=row)
        kept = output_template_data(newest.as_output_template()) if newest else {}
        if newest and kept == data:
            return newest, False
        _require_changeable(row, newest, typed, based_on)
        if row.name != typed.name:
            row.name = _free_name(typed.code, typed.name)
            row.save(update_fields=["name"])
        if newest and all(kept[part] == data[part] for part in ("columns", "options")):
            return newest, False
        version = OutputTemplateVersion.objects.create(
            output_template=row,
            number=newest.number + 1 if newest else 1,
            columns=data["columns"],
            options=data["options"],
            created_by=actor,
            note=note,
        )
    return version, True


def _locked_row(typed: TypedOutputTemplate, *, is_new: bool) -> OutputTemplate:
    """The row of the code, made when there is none, with its lock."""
    row, is_added = OutputTemplate.objects.get_or_create(
        code=typed.code, defaults={"name": _free_name(typed.code, typed.name), "abbreviation": typed.abbreviation}
    )
    if is_new and not is_added:
        raise BadInput(f"The code {typed.code!r} belongs to {row}; choose another code.", code="code_taken")
    return OutputTemplate.objects.select_for_update().get(pk=row.pk)


def _require_changeable(
    row: OutputTemplate, newest: OutputTemplateVersion | None, typed: TypedOutputTemplate, based_on: int | None
) -> None:
    if row.built_in and newest:
        raise Refused(
            f"{row} is built in and stays as it is; give the changed layout a code and a name of its own.",
            code="built_in",
        )
    if row.abbreviation != typed.abbreviation:
        raise Refused(
            f"Files of {row} are named {row.abbreviation}; keep that abbreviation, or choose another code.",
            code="abbreviation",
        )
    number = newest.number if newest else 0
    if based_on is not None and based_on != number:
        raise VersionConflict(
            f"{row} has version {number} by now; yours is based on version {based_on}. Compare them, then save again."
        )


def _free_name(code: str, name: str) -> str:
    if OutputTemplate.objects.filter(name=name).exclude(code=code).exists():
        raise _taken(name)
    return name


@contextmanager
def _name_of_its_own(name: str) -> Iterator[None]:
    """Of two who save the same name at once both find it free; the database stops the second."""
    try:
        yield
    except IntegrityError as error:
        if OutputTemplate.objects.filter(name=name).exists():
            raise _taken(name) from error
        raise


def _taken(name: str) -> BadInput:
    return BadInput(f"Another output template is named {name!r} already; choose another name.", code="name_taken")


def retire_output_template(*, output_template: OutputTemplate, actor: User | None) -> OutputTemplate:
    """Offer an output template to no dealership any more; its versions and the orders printed by it stay.

    Raises `Refused` for the default one, and naming the dealerships that have it. A retired one stays as it is.
    """
    with transaction.atomic():
        row = OutputTemplate.objects.select_for_update().get(pk=output_template.pk)
        if row.is_default:
            raise Refused(
                f"{row} serves the dealerships that chose none, so it cannot be retired.", code="default_template"
            )
        names = list(Dealership.objects.choosing(row).values_list("name", flat=True))
        if names:
            raise Refused(
                f"{row} is the output template of {_named(names)}; choose another there first.",
                code="template_in_use",
                detail={"dealerships": names},
            )
        return _set_retired(row, actor, retired=True)


def restore_output_template(*, output_template: OutputTemplate, actor: User | None) -> OutputTemplate:
    """Offer a retired output template to dealerships again. One in force stays as it is."""
    with transaction.atomic():
        row = OutputTemplate.objects.select_for_update().get(pk=output_template.pk)
        return _set_retired(row, actor, retired=False)


def _set_retired(row: OutputTemplate, actor: User | None, *, retired: bool) -> OutputTemplate:
    if row.retired is not retired:
        row.retired = retired
        bulk_update_with_history([row], OutputTemplate, ["retired"], default_user=actor)
    return row


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
