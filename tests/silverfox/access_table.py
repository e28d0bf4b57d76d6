"""Who may open which page: one line per URL name. A page without its line here fails `test_access.py`."""

from typing import NamedTuple

# Identities that may open a page of each area; the others are sent to sign in or get 403.
SIGNED_OUT = ("anonymous", "inactive")
AREAS = {
    "open": (*SIGNED_OUT, "viewer", "staff", "manager", "superuser"),
    "read": ("viewer", "staff", "manager", "superuser"),
    "work": ("staff", "manager", "superuser"),
    "decide": ("manager", "superuser"),
    "all": ("superuser",),
}
IDENTITIES = AREAS["open"]
NO = 405  # the page does not know the method


class Page(NamedTuple):
    """What those who may get for GET and for a POST with nothing useful in it; `at` names what is asked about."""

    area: str
    get: int
    post: int = NO
    at: str = ""


PAGES = {
    "dealership_list": Page("read", 200),
    "dealership_detail": Page("read", 200, at="dealership"),
    "dealership_rewrites": Page("read", 200, at="dealership"),
    "order_list": Page("read", 200),
    "order_list_export": Page("work", 200),
    "order_create": Page("work", 200, 422),
    "order_draft": Page("work", NO, 422),
    "order_draft_file": Page("work", NO, 422),
    "order_draft_discard": Page("work", NO, 302),
    "order_draft_restore": Page("work", NO, 302, at="key"),
    "order_file": Page("work", 200, at="csv"),
    "order_qr": Page("work", 200, at="qr"),
    "order_detail": Page("read", 200, at="order"),
    "order_progress": Page("read", 286, at="order"),
    "order_retry": Page("work", NO, 422, at="order"),
    "order_send_back": Page("work", NO, 409, at="order"),
    "order_reissue": Page("work", NO, 409, at="order"),
    "order_profile": Page("decide", 200, 422, at="done"),
    "order_cancel": Page("work", 200, 302, at="order"),
    "order_void": Page("decide", 200, 422, at="done"),
    "order_correct": Page("work", 200, 422, at="done"),
    "order_review": Page("read", 200, at="order"),
    "order_complete": Page("work", NO, 422, at="order"),
    "order_proof": Page("work", 200, at="order"),
    "order_walk_start": Page("read", 302, at="order"),
    "order_walk": Page("read", 200, at="line"),
    "order_line_qr": Page("work", 200, at="line"),
    "order_line": Page("read", 200, at="line"),
    "order_line_edit": Page("work", 200, 422, at="line"),
    "order_line_preview": Page("work", 200, at="line"),
    "order_line_reset": Page("work", NO, 409, at="line"),
    "order_line_leave_out": Page("work", NO, 422, at="line"),
    "order_line_put_back": Page("work", NO, 409, at="line"),
    "order_line_confirm_reprint": Page("work", NO, 409, at="line"),
    "order_line_out": Page("work", 200, at="line"),
    "order_lines": Page("work", NO, 422, at="order"),
    "order_undo": Page("work", NO, 409, at="order event"),
    "order_columns": Page("read", NO, 302, at="order"),
    "batch_list": Page("read", 200),
    "batch_create": Page("work", 200, 422),
    "batch_plan": Page("work", NO, 422),
    "batch_detail": Page("read", 200, at="batch"),
    "batch_progress": Page("read", 286, at="batch"),
    "batch_complete": Page("work", NO, 422, at="batch"),
    "batch_retry": Page("work", NO, 409, at="batch"),
    "batch_cancel": Page("work", 200, 302, at="batch"),
    "batch_prepare_again": Page("work", NO, 302, at="batch entry"),
    "batch_summary": Page("read", 200, at="batch"),
    "batch_summary_json": Page("read", 200, at="batch"),
    "import_list": Page("read", 200),
    "import_upload": Page("work", 200, 422),
    "ignored_names": Page("work", 200, 422),
    "ignored_name_undo": Page("work", NO, 404, at="nothing"),
    "import_detail": Page("read", 200, at="import"),
    "import_progress": Page("read", 286, at="import"),
    "import_problems": Page("read", 200, at="import"),
    "import_rejected": Page("work", 200, at="import"),
    "import_attach": Page("work", NO, 422, at="import"),
    "import_detach": Page("work", NO, 302, at="import"),
    "import_explain": Page("work", NO, 422, at="import"),
    "import_forget": Page("work", NO, 302, at="import"),
    "import_take_back": Page("decide", 200, 422, at="import"),
    "import_reread": Page("work", NO, 302, at="import"),
    "import_dataset": Page("read", 200, at="dataset"),
    "import_difference": Page("read", 200, at="dataset"),
    "dataset_activate": Page("work", 302, 422, at="dataset"),
    "dataset_reject": Page("work", NO, 422, at="dataset"),
    "website_list": Page("read", 200),
    "website_read": Page("work", NO, 422),
    "website_detail": Page("read", 200, at="website"),
    "website_session": Page("read", 200, at="scrape session"),
    "website_session_progress": Page("read", 200, at="scrape session"),
    "website_session_cancel": Page("work", 200, 302, at="scrape session"),
    "website_run": Page("work", 200, at="scrape run"),
    "website_run_cancel": Page("work", NO, 302, at="scrape run"),
    "website_page": Page("work", 200, at="scrape page"),
    "website_page_file": Page("work", 200, at="scrape page"),
    "vin_log_list": Page("read", 200),
    "vin_log_import": Page("work", 200, 422),
    "vin_log_export": Page("work", 200),
    "vin_log_list_export": Page("work", 200),
    "vin_log_void": Page("decide", 422, 422),
    "search": Page("read", 200),
    "vehicle": Page("read", 200, at="vehicle"),
    "billing_month": Page("work", 200),
    "billing_orders": Page("work", 200),
    "billing_csv": Page("work", 200),
    "billing_xlsx": Page("work", 200),
    "output_template_list": Page("read", 200),
    "output_template_new": Page("decide", 200, 422),
    "output_template_preview": Page("decide", NO, 200),
    "output_template_import": Page("decide", 200, 422),
    "output_template_detail": Page("read", 200, at="output template"),
    "output_template_edit": Page("decide", 302, 302, at="output template"),
    "output_template_compare": Page("read", 200, at="output template"),
    "output_template_export": Page("work", 200, at="output template"),
    "output_template_retire": Page("decide", 200, 302, at="output template"),
    "output_template_restore": Page("decide", 200, 302, at="output template"),
    "audit_list": Page("decide", 200),
    "job_list": Page("work", 200),
    "job_live": Page("work", 200),
    "job_retry": Page("work", NO, 409, at="job"),
    "job_cancel": Page("work", 200, 302, at="job"),
    "job_system": Page("decide", 200),
    "preferences": Page("read", NO, 302),
    "help_start": Page("read", 200),
    "help": Page("read", 200, at="guide"),
    "styleguide": Page("decide", 200),
    "login": Page("open", 200, 200),
    "logout": Page("read", NO, 302),
    "password": Page("read", 200, 200),
    "sign_out_everywhere": Page("read", NO, 302),
    "healthz": Page("open", 200),
    "readyz": Page("open", 503),
    "status": Page("open", 302),
    "admin:index": Page("decide", 200, 200),
    "admin:login": Page("decide", 302, 302),
    "admin:logout": Page("decide", NO, 302),
    "admin:password_change": Page("decide", 200, 200),
    "admin:password_change_done": Page("decide", 200),
    "admin:autocomplete": Page("decide", 403),
    "admin:jsi18n": Page("decide", 200),
    "admin:view_on_site": Page("decide", 404, 404, at="site object"),
    "admin:app_list": Page("decide", 200, 200, at="app"),
    "admin:auth_user_password_change": Page("decide", 404, 404, at="nothing"),
}


class Table(NamedTuple):
    """Who sees a table in the admin and what is done to its rows there; `add` is the answer to an empty form."""

    area: str
    add: int = 403
    change: bool = False
    delete: bool = False
    history: bool = False


TABLES = {
    "auth_user": Table("decide", add=200, change=True),
    "dealerships_dealership": Table("decide", add=200, change=True, history=True),
    "dealerships_pathprofile": Table("decide", add=200, change=True, history=True),
    "scrapers_website": Table("decide", add=200, change=True, history=True),
    "inventory_conditionmapping": Table("decide", add=200, change=True, history=True, delete=True),
    "inventory_lotstatusmapping": Table("decide", add=200, change=True, history=True, delete=True),
    "inventory_pricephrase": Table("decide", add=302, change=True, history=True, delete=True),
    "inventory_inventoryimport": Table("all"),
    "inventory_dataset": Table("all"),
    "orders_order": Table("all"),
    "orders_orderevent": Table("all"),
    "orders_artifact": Table("all"),
    "orders_vinlogentry": Table("all"),
    "orders_vinlogimport": Table("all"),
    "axes_accessattempt": Table("all", change=True, delete=True),
    "axes_accessfailurelog": Table("all", change=True, delete=True),
    "axes_accesslog": Table("all", change=True, delete=True),
}


def table_page(table: Table, kind: str) -> Page:
    """What an address of a table in the admin answers; rows are asked for by a number that none has."""
    return {
        "changelist": Page(table.area, 200, 200),
        "add": Page(table.area, *((403, 403) if table.add == 403 else (200, table.add))),
        "change": Page(table.area, 302, 302 if table.change else 403),
        "delete": Page(table.area, *((302, 302) if table.delete else (403, 403))),
        # The library looks for the row before it looks at the person; of a row that exists it says 403.
        "history": Page("decide", *((404, 404) if table.history else (302, 302))),
        "simple_history": Page(table.area, 404, 404),
    }[kind]
