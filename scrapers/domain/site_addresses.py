"""Addresses of a website's pages: whether they lie on it, and whether it led elsewhere."""

from urllib.parse import urlsplit

from scrapers.domain.shapes import Answer, Request, Site


def bare_host(url: str) -> str:
    """The host of an address in lower case, without `www.`; empty for an address that has none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def own_url(site: Site, path: str) -> str:
    """The absolute https address of a path on the site's own host; empty for another host or no web address at all."""
    path = path.strip()
    try:
        parts = urlsplit(site.url(path))
    except ValueError:
        return ""
    is_own = parts.scheme in {"http", "https"} and bare_host(parts.geturl()) == bare_host(site.base_url)
    return parts._replace(scheme="https").geturl() if path and is_own else ""


def was_sent_elsewhere(request: Request, answer: Answer) -> bool:
    """Whether the site led from a vehicle's page to another one, as it does when the vehicle is sold."""
    return _path(request.url) != _path(answer.url)


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/").casefold()
