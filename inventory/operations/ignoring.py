"""Names of dealerships that the shop does not serve: their rows stay unmatched and wait for nobody."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from dealerships.domain.names import fold_name
from dealerships.models import DealershipAlias
from foundation.errors import BadInput, Refused
from inventory.models import IgnoredName

LONGEST_NAME = 200


def ignore_name(*, text: str, reason: str, actor: User | None) -> IgnoredName:
    """Let the rows that carry this dealership name, in any spelling that folds alike, wait for nobody.

    Raises `BadInput` without a reason or with a name that is too long, and `Refused` when a dealership answers to the
    name or it is ignored already.
    """
    text, folded = " ".join(text.split()), fold_name(text)
    if len(text) > LONGEST_NAME or len(folded) > LONGEST_NAME:
        raise BadInput(f"A name of more than {LONGEST_NAME} characters cannot be ignored. Mend it in the file.")
    if not reason.strip():
        raise BadInput("Say why the name is ignored; the reason is kept with your name.")
    alias = DealershipAlias.objects.select_related("dealership").filter(folded=folded).first()
    if alias:
        raise Refused(f"{text} is a name of {alias.dealership}. Remove that name there first.", code="name_in_use")
    try:
        with transaction.atomic():
            return IgnoredName.objects.create(text=text, reason=reason.strip(), created_by=actor)
    except IntegrityError as error:
        raise Refused(f"{text or 'The blank name'} is ignored already.", code="already_ignored") from error


def stop_ignoring(*, ignored_name: IgnoredName, actor: User | None) -> None:
    """Let the rows of this name wait for somebody again; the history keeps who ignored it, and who undid that."""
    ignored_name._history_user = actor  # type: ignore[attr-defined]  # where the library looks for it
    ignored_name.delete()
