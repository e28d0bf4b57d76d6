"""What columns of several models are chosen from, and how an order number usually looks."""

from dealerships.domain.rules import ConditionGroup

GROUP_CHOICES = [(ConditionGroup.ALL, "All"), (ConditionGroup.NEW, "New"), (ConditionGroup.USED, "Used")]

# In the words of the database; labels of the VIN log may be anything.
FIVE_DIGITS = "^[0-9]{5}$"
