"""Addresses of many rows of a page."""

from collections.abc import Callable

from django.urls import reverse


def addresses(name: str) -> Callable[[int], str]:
    """The addresses of a page that is named by an id, resolved once for all ids."""
    head, _, tail = reverse(name, args=[0]).rpartition("0")
    return lambda pk: f"{head}{pk}{tail}"
