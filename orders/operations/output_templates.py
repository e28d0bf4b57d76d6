"""The verbs of output templates: the versions that an order is prepared with, export and import as JSON."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dealerships.models import Dealership
from foundation.errors import BadInput, Refused
from orders.domain.output_template_data import output_template_data, output_template_from
from orders.models import OutputTemplate, OutputTemplateVersion


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
        known = ", ".join(OutputTemplate.objects.filter(retired=False).values_list("code", flat=True))
        raise BadInput(f"There is no output template named {code!r}; choose one of {known}.", code="unknown_template")
    return row


def newest_version(*, output_template: OutputTemplate) -> OutputTemplateVersion | None:
    """The version that an order prepared now gets; none for a layout that nobody has described yet."""
    return output_template.versions.select_related("output_template").order_by("-number").first()


def choose_versions(*, dealership: Dealership) -> ChosenVersions:
    """The versions by which an order of the dealership is printed from now on.

    One set code serves all vehicles. No code set, or the code of a layout that nobody has described yet, gives the
    default output template with a notice. Raises `BadInput` for an unknown code.
    """
    default = OutputTemplateVersion.objects.filter(output_template__is_default=True).latest("number")
    codes = (dealership.template_new or dealership.template_used, dealership.template_used or dealership.template_new)
    if not any(codes):
        notice = (
            f"This dealership has no output template; its lines use {default.output_template}. Choose one on its page."
        )
        return ChosenVersions(new=default, used=default, notice=notice)
    rows = [find_output_template(code=code) for code in codes]
    new, used = (newest_version(output_template=row) for row in rows)
    undescribed = [row.name for row, version in zip(rows, (new, used), strict=True) if version is None]
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


def import_output_template(*, data: dict[str, Any]) -> tuple[OutputTemplateVersion, bool]:
    """Add the output template that JSON data describes, or a new version of it where columns or options differ.

    Gives the version in force, and whether it is new. Raises `BadInput` for data that describes none and for a name
    that another one has, `Refused` for a change of a built-in one or of an abbreviation, which names released files.
    """
    typed = output_template_from(data)
    data = output_template_data(typed)
    with transaction.atomic():
        row, _ = OutputTemplate.objects.get_or_create(
            code=typed.code, defaults={"name": _free_name(typed.code, typed.name), "abbreviation": typed.abbreviation}
        )
        row = OutputTemplate.objects.select_for_update().get(pk=row.pk)
        newest = newest_version(output_template=row)
        if newest and output_template_data(newest.as_output_template()) == data:
            return newest, False
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
        row.name = _free_name(typed.code, typed.name)
        row.save(update_fields=["name"])
        number = newest.number + 1 if newest else 1
        version = OutputTemplateVersion.objects.create(
            output_template=row, number=number, columns=data["columns"], options=data["options"]
        )
    return version, True


def _free_name(code: str, name: str) -> str:
    if OutputTemplate.objects.filter(name=name).exclude(code=code).exists():
        raise BadInput(f"Another output template is named {name!r} already; choose another name.", code="name_taken")
    return name
