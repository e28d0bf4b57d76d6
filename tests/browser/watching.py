"""What a browser complains about while a page is used: nothing of it may be left at the end of a test."""

import re
import time

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response, WebError

# How our pages answer what was typed wrong or what came too late; the browser writes a line about each.
_ANSWERS = re.compile(r"Failed to load resource: the server responded with a status of (409|422) ")
# What htmx says of a request that was under way when its page was left.
_CUT_OFF = re.compile(r"htmx:(afterRequest|sendAbort),")
# The page was left, or its answer became a download.
_LEFT = "net::ERR_ABORTED"
_PATIENCE_SECONDS = 20
_REPORT = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`))"""


class Watch:
    """Listens to the pages of any number of browser contexts."""

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        context.add_init_script(_REPORT)
        context.on("page", self._follow_page)
        context.on("weberror", self._hear_error)
        context.on("console", self._hear)
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_answer)

    def forget(self, page: Page, pattern: str) -> None:
        """Wait for what the test is about, and take it away; other complaints stay."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not any(re.search(pattern, text) for text in self.complaints):
            assert time.monotonic() < until, f"nothing like {pattern!r} among {self.complaints}"
            page.wait_for_timeout(50)
        self.complaints = [text for text in self.complaints if not re.search(pattern, text)]

    def _follow_page(self, page: Page) -> None:
        page.on("crash", lambda page: self.complaints.append(f"{page.url} crashed"))

    def _hear(self, message: ConsoleMessage) -> None:
        if not _ANSWERS.match(message.text) and not _CUT_OFF.match(message.text):
            self.complaints.append(f"{message.location['url']}: {message.text}")

    def _hear_error(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    def _note_failure(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _note_answer(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")
