"""Going back behind an import: where its datasets are in use, those whose place they took are used again."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from dealerships.models import Dealership
from foundation.errors import Refused
from foundation.roles import MANAGER
from inventory.models import Dataset, InventoryImport
from inventory.operations.activation import activate_dataset


@dataclass(frozen=True)
class Return:
    """A dataset in use, and the one before it that can be used again; what would come and go is told by VIN."""

    dataset: Dataset
    former: Dataset

    @property
    def coming(self) -> int:
        """Vehicles that only the former one has."""
        return int(self.dataset.difference["gone"])

    @property
    def going(self) -> int:
        """Vehicles that only the one in use has."""
        return int(self.dataset.difference["new"])


def possible_returns(*, inventory_import: InventoryImport) -> list[Return]:
    """The datasets of an import that are in use and took the place of one that is still kept, by dealership."""
    active = inventory_import.datasets.filter(status=Dataset.Status.ACTIVE).select_related("dealership")
    in_use = [dataset for dataset in active.order_by("dealership__name") if dataset.difference]
    formers = Dataset.objects.filter(status=Dataset.Status.ARCHIVED).in_bulk(
        [dataset.difference["dataset"] for dataset in in_use]
    )
    return [
        Return(dataset, formers[dataset.difference["dataset"]])
        for dataset in in_use
        if dataset.difference["dataset"] in formers
    ]


def take_back_import(*, inventory_import: InventoryImport, actor: User | None, reason: str) -> list[Return]:
    """Use again what the datasets of this import replaced, at every dealership where they are still in use, or nowhere.

    Gives what was changed. Raises `Refused` when no dataset of the import can be taken back.
    """
    with transaction.atomic():
        # The order of the keys keeps two of these from waiting for each other.
        places = Dealership.objects.select_for_update().filter(datasets__inventory_import=inventory_import)
        list(places.order_by("pk"))
        returns = possible_returns(inventory_import=inventory_import)
        if not returns:
            raise Refused(
                f"No dataset of import {inventory_import.pk} is in use with an older one kept behind it; nothing was "
                "changed. Open the dealership for its datasets.",
                code="nothing_to_take_back",
            )
        for each in returns:
            activate_dataset(dataset=each.former, as_role=MANAGER, actor=actor, reason=reason)
    return returns
