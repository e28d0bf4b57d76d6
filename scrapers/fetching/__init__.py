"""The only code that asks foreign servers for anything; nothing else opens a connection to them."""

from scrapers.domain.failures import FetchError
from scrapers.fetching.fetcher import Fetched, Fetcher, Limits, product_user_agent
from scrapers.fetching.network import Guard

__all__ = ["FetchError", "Fetched", "Fetcher", "Guard", "Limits", "product_user_agent"]
