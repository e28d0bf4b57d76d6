"""What columns of several models are chosen from."""

from dealerships.domain.rules import ConditionGroup

GROUP_CHOICES = [(ConditionGroup.ALL, "All"), (ConditionGroup.NEW, "New"), (ConditionGroup.USED, "Used")]
