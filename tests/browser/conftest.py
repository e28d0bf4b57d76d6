"""A real browser before the real web server and worker, on the running test's database.

A test asks for `page` (staff, signed in by the form) or for `sign_in`, and for `worker` when work is to be done behind
the page. Whatever a browser complains about fails the test at its end.
"""

import shutil
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django import Settings

from silverfox import settings as product
from tests.browser.serving import Site
from tests.browser.watching import Watch
from tests.faults.shop import Worker

CHROMIUM = shutil.which("chromium")
QUIET = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-sync")
PASSWORD = "a fox that is silver"  # of users who live for one test
PATIENCE_MS = 30_000
DESK = {"width": 1440, "height": 900}


class Browse(Protocol):
    def __call__(self, role: str = "staff", **options: Any) -> Page: ...


SignIn = Browse


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all tests here; each test has contexts, and so cookies, of its own."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; Debian's package chromium has it")
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright waits in an event loop of this very thread, beside which no other code runs: queries are safe.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{flag}" for flag in QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def installation(chromium: Browser, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        site.wait()
        yield site
    finally:
        site.close()


@pytest.fixture
def site(transactional_db: None, installation: Site, settings: Settings) -> Iterator[Site]:
    """The web server on this test's data; what the test stores lies where the server looks for it."""
    settings.UPLOADS_DIR = installation.folder / "uploads"
    settings.ORDERS_DIR = installation.folder / "orders"
    settings.SCRAPES_DIR = installation.folder / "scrapes"
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    yield installation
    # Before the tables are emptied: no request is under way, and nobody knows of rows that are gone.
    installation.renew()


@pytest.fixture
def worker(site: Site) -> Iterator[Worker]:
    """A worker of this test's database that has answered."""
    with site.worker() as worker:
        yield worker


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def browse(site: Site, chromium: Browser, watch: Watch) -> Iterator[Browse]:
    """Gives a browser before the sign-in page, for a person with that role; options are those of a context."""
    contexts = []

    def open_page(role: str = "staff", **options: Any) -> Page:
        make_user(role)
        context = chromium.new_context(**{"base_url": site.address, "viewport": DESK} | options)
        contexts.append(context)
        watch.follow(context)
        page = context.new_page()
        page.goto("/accounts/login/")
        return page

    yield open_page
    for context in contexts:
        context.close()
    print(site.words()[-10_000:])  # noqa: T201 - shown beside a failure
    assert not watch.complaints, "\n".join(watch.complaints)


@pytest.fixture
def sign_in(browse: Browse) -> SignIn:
    """Gives the page of a person with that role, who has signed in by the form."""

    def open_page(role: str = "staff", **options: Any) -> Page:
        page = browse(role, **options)
        enter(page, role)
        return page

    return open_page


@pytest.fixture
def page(sign_in: SignIn) -> Page:
    """A browser of staff, signed in."""
    return sign_in("staff")


def make_user(role: str) -> User:
    """A person with that role and the password of all."""
    user, is_new = User.objects.get_or_create(username=role, defaults={"is_superuser": role == "superuser"})
    if is_new:
        user.set_password(PASSWORD)
        user.save()
        user.groups.set([Group.objects.get_or_create(name=role)[0]])
    return user


def enter(page: Page, name: str) -> None:
    """Fill in the form of the sign-in page, and wait for the page behind it."""
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Username")).to_have_count(0)
