"""What an order's CSVs would hold, also by another output template or path profile; nothing is written."""

from dataclasses import dataclass, replace

from dealerships.models import PathProfile
from foundation.errors import BadInput, Refused
from orders.domain.adobe_csv import csv_text
from orders.domain.lines import OutputSettings
from orders.domain.order_files import csv_groups
from orders.domain.rendering import render_line
from orders.models import Order
from orders.operations.checking import order_content
from orders.operations.output_templates import find_output_template, newest_version
from orders.operations.profiling import profile_settings


@dataclass(frozen=True, kw_only=True)
class RenderedCsv:
    """One CSV as it would be released: its name, its text, its data rows and the output template with version."""

    name: str
    text: str
    rows: int
    output_template: str


def render_order(*, order: Order, template_code: str = "", profile_name: str = "") -> list[RenderedCsv]:
    """The CSVs of an order, by its own output templates and path profile unless others are named.

    Raises `BadInput` for an unknown name, `RenderError` for an empty required field, and `Refused` for an order
    without lines, an output template without columns, or an image path that Adobe could not follow.
    """
    content = order_content(order)
    settings = _with_template(content.settings, template_code) if template_code else content.settings
    settings = _with_profile(settings, profile_name) if profile_name else settings
    content = replace(content, settings=settings)
    rendered = []
    for group in csv_groups(content):
        rows = [render_line(line, group.template, content) for line in group.lines]
        text = csv_text(group.template, rows)
        rendered.append(RenderedCsv(name=group.name, text=text, rows=len(rows), output_template=group.template.label))
    return rendered


def _with_template(settings: OutputSettings, code: str) -> OutputSettings:
    version = newest_version(output_template=find_output_template(code=code))
    if version is None:
        raise Refused(f"The output template {code!r} has no columns yet; choose another one.", code="no_version")
    template = version.as_output_template()
    return replace(settings, template_new=template, template_used=template)


def _with_profile(settings: OutputSettings, name: str) -> OutputSettings:
    profile = PathProfile.objects.filter(name=name).first()
    if profile is None:
        known = ", ".join(PathProfile.objects.order_by("name").values_list("name", flat=True))
        raise BadInput(f"There is no path profile {name!r}; choose one of {known}.", code="unknown_profile")
    return replace(settings, **profile_settings(profile=profile))
