"""Who the customers are and what they asked for."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from dealerships.domain.names import file_name_of, fold_name
from dealerships.domain.output import BillingLayout, OrderKind, PathLayout, QrNaming
from dealerships.domain.paths import PathError, require_base
from dealerships.domain.rewrites import Rewrite, RewriteError, RewriteField, RewriteKind
from dealerships.domain.rules import ALLOWED_CONDITIONS, Condition, ConditionGroup, FilterRules, RuleError
from foundation.models import History

CONDITION_CHOICES = [(Condition.NEW, "New"), (Condition.PRE_OWNED, "PO"), (Condition.CERTIFIED, "CPO")]
WEEKDAYS = [("mon", "Monday"), ("tue", "Tuesday"), ("wed", "Wednesday"), ("thu", "Thursday"), ("fri", "Friday")]
KIND_CHOICES = [(OrderKind.CAO, "CAO"), (OrderKind.LIST, "LIST"), (OrderKind.MAINTENANCE, "MAINTENANCE")]
REWRITE_KIND_CHOICES = [
    (RewriteKind.WHOLE, "Replace the whole text"),
    (RewriteKind.REPLACE, "Replace words"),
    (RewriteKind.REMOVE, "Remove words"),
    (RewriteKind.MOVE, "Move first words of the trim to the model"),
]
NO_NAME = "A name needs at least one letter or digit."
LONG_NAME = "The name is too long when its signs are read as words. Shorten it."
LONGEST_NAME = 120
FILE_SAFE = RegexValidator(r"^[A-Za-z0-9_-]+\Z", "Letters, digits, _ and - only.")


def text_array() -> "ArrayField[Any, Any]":
    return ArrayField(models.CharField(max_length=100), default=list, blank=True)


def unusable_name(text: str) -> str:
    """Why a dealership cannot answer to this text; empty when it can."""
    folded = fold_name(text)
    return "" if 0 < len(folded) <= LONGEST_NAME else LONG_NAME if folded else NO_NAME


class PathProfile(models.Model):
    """How a designer's computer sees the QR images; base, separator and layout compose the `@` cells."""

    name = models.CharField(max_length=60, unique=True)
    base = models.CharField(
        max_length=200,
        blank=True,
        help_text=r"For example C:\Users\Nick_Workstation\Documents\QRS, \\server\orders or /Volumes/orders. "
        "Empty: relative to the order's folder.",
    )
    separator = models.CharField(max_length=1, choices=[("\\", "\\ (Windows)"), ("/", "/ (macOS)")], default="\\")
    layout = models.CharField(
        max_length=10,
        choices=[(PathLayout.FLAT, "One folder for all orders"), (PathLayout.PER_ORDER, "A folder per order")],
        default=PathLayout.FLAT,
    )
    qr_naming = models.CharField(
        max_length=10,
        choices=[(QrNaming.VIN, "VIN.png"), (QrNaming.NUMBERED, "Name_QR_Code_1.PNG")],
        default=QrNaming.VIN,
    )
    history = History()

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.separator not in {"\\", "/"}:
            return
        try:
            require_base(self.base, self.separator)
        except PathError as error:
            raise ValidationError({"base": str(error)}) from error


class OutputTemplateQuerySet(models.QuerySet["OutputTemplate"]):
    def offered(self) -> "OutputTemplateQuerySet":
        return self.filter(retired=False)


class OutputTemplate(models.Model):
    """A column layout under a code that dealerships choose; orders keep its columns, in versions.

    Built-in ones are never changed. One without a version is a name for a layout that nobody has described yet.
    A trigger refuses to retire one that a dealership has, and to choose a retired one.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60, unique=True)
    abbreviation = models.CharField(max_length=10)
    built_in = models.BooleanField(default=False, editable=False)
    is_default = models.BooleanField(default=False, help_text="Serves dealerships that chose none.")
    retired = models.BooleanField(default=False, help_text="Offered to no dealership any more.")
    history = History()

    objects = OutputTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                name="one_default_output_template", fields=["is_default"], condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="default_output_template_not_retired", condition=Q(is_default=False) | Q(retired=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name


def output_template_key(verbose_name: str) -> "models.ForeignKey[OutputTemplate | None, OutputTemplate | None]":
    """A choice among the output templates that are offered, by code."""
    return models.ForeignKey(
        OutputTemplate,
        on_delete=models.PROTECT,
        to_field="code",
        null=True,
        blank=True,
        related_name="+",
        limit_choices_to={"retired": False},
        verbose_name=verbose_name,
        error_messages={"invalid": "%(value)r is no output template that is offered; choose another."},
    )


class DealershipQuerySet(models.QuerySet["Dealership"]):
    def active(self) -> "DealershipQuerySet":
        return self.filter(active=True)

    def with_inventory_source(self) -> "DealershipQuerySet":
        return self.filter(has_inventory_source=True)

    def choosing(self, output_template: OutputTemplate) -> "DealershipQuerySet":
        """The dealerships that have this output template for new or for used vehicles."""
        code = output_template.code
        return self.filter(Q(template_new=code) | Q(template_used=code))


class Dealership(models.Model):
    """A customer whose lot we serve, with the rules and choices of its orders."""

    name = models.CharField(max_length=100, unique=True)
    short_code = models.CharField(max_length=40, unique=True, validators=[FILE_SAFE])
    file_name = models.CharField(
        max_length=100, unique=True, validators=[FILE_SAFE], help_text="The name in files and folders."
    )
    active = models.BooleanField(default=True, help_text="Inactive dealerships leave new orders and the schedule.")
    has_inventory_source = models.BooleanField(default=True)
    approved_hosts = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, help_text="Website hosts, without www."
    )
    account_status = models.CharField(max_length=60, blank=True)
    locality = models.CharField(max_length=20, blank=True)
    monthly_program = models.CharField(max_length=20, blank=True)
    price_per_month = models.CharField(max_length=20, blank=True)
    notes = models.TextField(blank=True)

    default_order_kind = models.CharField(max_length=12, choices=KIND_CHOICES, default=OrderKind.LIST)
    order_method_new = models.CharField(max_length=30, blank=True)
    order_method_used = models.CharField(max_length=30, blank=True)
    coverage_new = models.CharField(max_length=30, blank=True)
    coverage_used = models.CharField(max_length=30, blank=True)
    separate_orders = models.BooleanField(default=False, help_text="New and used vehicles are separate orders.")
    schedule_days = ArrayField(models.CharField(max_length=3, choices=WEEKDAYS), default=list, blank=True)

    conditions = ArrayField(
        models.CharField(max_length=3, choices=CONDITION_CHOICES),
        null=True,
        blank=True,
        help_text="Conditions that a CAO order may print. Nothing chosen: CAO not set up.",
    )
    stock_required = models.BooleanField(default=True)
    price_required = models.BooleanField(default=False)
    price_min = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    price_max = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    year_min = models.PositiveSmallIntegerField(null=True, blank=True)
    seasoning_days = models.PositiveSmallIntegerField(default=0, help_text="Days on the lot before an order; 0 is off.")
    required_brands = text_array()
    excluded_makes = text_array()
    excluded_keywords = text_array()
    required_raw_statuses = text_array()
    excluded_raw_statuses = text_array()
    rule_status = models.CharField(max_length=60, blank=True, help_text="How well the rules are known.")

    template_new = output_template_key("output template for new")
    template_used = output_template_key("output template for used")
    price_markup = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(0), help_text="Dollars added to a printed price."
    )
    text_rewrites = models.BooleanField(
        default=False, help_text="Apply the text rewrites of this page to model and trim before review."
    )
    utm_enabled = models.BooleanField("UTM parameters", default=True)
    utm_source = models.CharField(max_length=60, default="SilverFox")
    utm_medium = models.CharField(max_length=60, default="VDP_ShortCut")
    path_profile = models.ForeignKey(PathProfile, on_delete=models.PROTECT, null=True, blank=True)
    billing_layout = models.CharField(
        max_length=20,
        choices=[(BillingLayout.BILLING2, "BILLING2"), (BillingLayout.PRINTED_VEHICLES, "Printed Vehicles")],
        default=BillingLayout.BILLING2,
    )
    include_missing = models.BooleanField(
        "print VINs that are not on the website", default=False, help_text="LIST proposes a VIN-only placeholder line."
    )

    loaded_values = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    history = History(excluded_fields=["loaded_values"])

    objects = DealershipQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="dealership_conditions_allowed",
                condition=Q(conditions__isnull=True)
                | (Q(conditions__len__gt=0) & Q(conditions__contained_by=sorted(ALLOWED_CONDITIONS))),
            ),
            models.CheckConstraint(
                name="dealership_price_range",
                condition=Q(price_min__isnull=True)
                | Q(price_max__isnull=True)
                | Q(price_min__lte=models.F("price_max")),
            ),
            models.CheckConstraint(
                name="dealership_brand_not_required_and_excluded",
                condition=~Q(required_brands__overlap=models.F("excluded_makes")),
            ),
            models.CheckConstraint(
                name="dealership_status_not_required_and_excluded",
                condition=~Q(required_raw_statuses__overlap=models.F("excluded_raw_statuses")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Contradictory rules cannot be saved: raises `RuleError`. The name itself is always an alias."""
        self.filter_rules()
        super().save(*args, **kwargs)
        DealershipAlias.objects.get_or_create(
            folded=fold_name(self.name), dealership=self, defaults={"text": self.name}
        )

    def clean(self) -> None:
        if not self.conditions:
            self.conditions = None
        if not self.short_code:
            self.short_code = file_name_of(self.name).upper()[:40]
        if not self.file_name:
            self.file_name = file_name_of(self.name)
        self._require_own_name()
        try:
            self.filter_rules()
        except RuleError as error:
            raise ValidationError({error.key: str(error)}) from error

    def _require_own_name(self) -> None:
        if reason := unusable_name(self.name):
            raise ValidationError({"name": reason})
        taken = DealershipAlias.objects.filter(folded=fold_name(self.name)).exclude(dealership_id=self.pk).first()
        if taken:
            raise ValidationError({"name": f"{taken.dealership.name} already answers to this name."})

    def filter_rules(self) -> FilterRules | None:
        """The rules as a value; None means that CAO is not set up."""
        if self.conditions is None:
            return None
        return FilterRules(
            conditions=frozenset(Condition(item) for item in self.conditions),
            stock_required=self.stock_required,
            price_required=self.price_required,
            price_min=self.price_min,
            price_max=self.price_max,
            year_min=self.year_min,
            seasoning_days=self.seasoning_days,
            required_brands=tuple(self.required_brands),
            excluded_makes=tuple(self.excluded_makes),
            excluded_keywords=tuple(self.excluded_keywords),
            required_raw_statuses=tuple(self.required_raw_statuses),
            excluded_raw_statuses=tuple(self.excluded_raw_statuses),
        )

    def text_rules(self) -> tuple[Rewrite, ...]:
        """The text rewrites in their order, switched on or not."""
        return tuple(rewrite.rule() for rewrite in self.rewrites.all())

    @property
    def output_template_names(self) -> str:
        """The output templates in words, one when new and used have the same."""
        return " / ".join(dict.fromkeys(str(row) for row in (self.template_new, self.template_used) if row))

    def order_groups(self) -> tuple[ConditionGroup, ...]:
        """The condition groups that this dealership orders separately."""
        return (ConditionGroup.NEW, ConditionGroup.USED) if self.separate_orders else (ConditionGroup.ALL,)


class DealershipAlias(models.Model):
    """Another name that a source uses for a dealership; unique over all dealerships in its folded form."""

    dealership = models.ForeignKey(Dealership, on_delete=models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=LONGEST_NAME)
    folded = models.CharField(max_length=LONGEST_NAME, unique=True, editable=False)
    history = History()

    class Meta:
        ordering = ["text"]
        verbose_name_plural = "dealership aliases"
        constraints = [models.CheckConstraint(name="alias_not_blank", condition=~Q(folded=""))]

    def __str__(self) -> str:
        return self.text

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.folded = fold_name(self.text)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.folded = fold_name(self.text)
        if reason := unusable_name(self.text):
            raise ValidationError({"text": reason})
        taken = DealershipAlias.objects.filter(folded=self.folded).exclude(pk=self.pk).first()
        if taken:
            raise ValidationError({"text": f"This name already belongs to {taken.dealership.name}."})


class TextRewrite(models.Model):
    """One rule of how a dealership wants models and trims written; `texts` and what belongs to the kind."""

    dealership = models.ForeignKey(Dealership, on_delete=models.CASCADE, related_name="rewrites")
    position = models.PositiveSmallIntegerField(default=1, help_text="Rules run from the lowest to the highest.")
    kind = models.CharField(max_length=7, choices=REWRITE_KIND_CHOICES)
    field = models.CharField(
        "in",
        max_length=5,
        choices=[(RewriteField.MODEL, "Model"), (RewriteField.TRIM, "Trim")],
        default=RewriteField.TRIM,
    )
    texts = text_array()
    replacement = models.CharField("new text", max_length=100, blank=True)
    trim_prefix = models.CharField("in front of the trim", max_length=100, blank=True)
    model_contains = text_array()
    history = History()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(name="rewrite_looks_for_something", condition=Q(texts__len__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {', '.join(self.texts)}"

    def clean(self) -> None:
        if self.kind not in set(RewriteKind) or self.field not in set(RewriteField):
            return
        try:
            self.rule()
        except RewriteError as error:
            raise ValidationError({error.key: str(error)}) from error

    def rule(self) -> Rewrite:
        """The rule as a value. Raises `RewriteError` when it has no sense."""
        return Rewrite(
            kind=RewriteKind(self.kind),
            field=RewriteField(self.field),
            texts=tuple(self.texts),
            replacement=self.replacement,
            trim_prefix=self.trim_prefix,
            model_contains=tuple(self.model_contains),
        )
