"""What the browser tests stand on: it hears what a browser complains about, and keeps tests apart."""

from playwright.sync_api import Page, expect

from orders.models import Order
from tests.browser.conftest import SignIn
from tests.browser.watching import Watch
from tests.factories import make_dealership, make_order, make_vehicles
from tests.faults.shop import Worker, state


def test_an_order_is_completed_by_the_worker_and_downloaded(page: Page, worker: Worker) -> None:
    elm = make_dealership()
    make_vehicles(dealership=elm)
    order = make_order(dealership=elm)
    page.goto(f"/orders/{order.pk}/review/")
    page.get_by_label("Order number").fill("45001")
    page.get_by_role("button", name="Complete this order").click()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="ZIP").first.click()
    assert downloaded.value.path().stat().st_size > 1000
    worker.stop()
    assert state(order) == "done"


def test_every_test_begins_with_an_empty_database(page: Page) -> None:
    assert Order.objects.count() == 0
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_the_policy_refuses_and_what_breaks_is_heard(page: Page, watch: Watch) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">red</p>')")
    watch.forget(page, "policy style-src")
    watch.forget(page, "inline style violates")
    page.evaluate("void setTimeout(() => { throw new Error('broken') })")
    watch.forget(page, "broken")
    page.evaluate("console.log('said')")
    watch.forget(page, "said")
    page.evaluate("void fetch('/orders/0/')")
    watch.forget(page, "status of 404")
    page.evaluate("void fetch('http://127.0.0.1:9/').catch(() => 0)")
    watch.forget(page, "policy connect-src")
    watch.forget(page, "127.0.0.1:9")
    assert watch.complaints == []


def test_two_roles_sign_in_beside_each_other(sign_in: SignIn) -> None:
    staff, manager = sign_in("staff"), sign_in("manager")
    for page, role in ((staff, "staff"), (manager, "manager")):
        page.goto("/orders/")
        expect(page.get_by_text(role).first).to_be_visible()
