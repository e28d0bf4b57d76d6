"""Why a website's answer was not to be had: one code each, and a sentence for people that ends with the next step."""

_KEPT = "The inventory of the last good run stays in use."
_SENTENCES = {
    "E_HTTP_5XX": "{host} reported a fault of its own{detail}. Nothing is wrong here: run it again later.",
    "E_HTTP": "{host} answered with a status that is no inventory{detail}. Probe the website: its addresses may have"
    " moved.",
    "E_FORBIDDEN": "{host} refuses to be read by programs (403). {kept} Run it again tomorrow; if it stays, ask the"
    " website's owner to let Silver Fox in, or upload the inventory as a file.",
    "E_REFUSED": "{host} asks for a key or a sign-in (401). Probe the website: its key may have changed.",
    "E_NOT_FOUND": "{host} has no page there any more{detail}. Probe the website: its addresses may have moved.",
    "E_TOO_MANY_REQUESTS": "{host} asks for fewer requests (429). {kept} Run it again later, with a slower pace.",
    "E_TIMEOUT": "{host} did not answer in time{detail}. Run it again later.",
    "E_CONNECT": "{host} cannot be reached{detail}. Check the name of the website and the network, then run it again.",
    "E_TLS": "{host} shows a certificate that is not valid for it{detail}. Nothing was read. Ask the website's owner to"
    " renew it, or check the name of the website.",
    "E_DEADLINE": "{host} sent its answer too slowly{detail}. Run it again later.",
    "E_TOO_LARGE": "{host} sent more than is taken{detail}. Look at what the website sends, or raise the dealership's"
    " limit.",
    "E_TRUNCATED": "{host} broke off its answer or sent a damaged one{detail}. Run it again later.",
    "E_ENCODING": "{host} packed its answer in a way that was not asked for{detail}. Probe the website.",
    "E_REDIRECT": "{host} leads on to a place that is not followed: {detail}. Open the website; if it moved, a manager"
    " approves its new host for the dealership.",
    "E_SSRF": "{host} is not asked: {detail}. Check the address; a manager approves hosts of the dealership.",
    "E_REQUEST": "{host} cannot be asked: {detail}. Probe the website: what it told of its service may be damaged.",
    "E_ROBOTS": "{host} does not want programs to read this{detail}. Ask the website's owner, or let a manager write"
    " down the reason for reading it all the same.",
}  # fmt: skip


class FetchError(Exception):
    """One attempt to read an answer failed.

    `code` is stable, `message` is for people, `status` is what the website answered (None when it did not),
    `retry_after` are the seconds that it asked to wait.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.retry_after = code, message, status, retry_after


def sentence(code: str, host: str, detail: str = "") -> str:
    """What happened and what to do next. `detail` is put in as `: detail` or in brackets where the code leaves room."""
    words = _SENTENCES[code]
    if detail and ": {detail}" not in words:
        detail = f" ({detail})"
    return words.format(host=host, detail=detail, kept=_KEPT)


def status_error(status: int, host: str, *, retry_after: float | None = None) -> FetchError:
    """The error that a status other than success is."""
    code = _code_of(status)
    return FetchError(code, sentence(code, host, str(status)), status=status, retry_after=retry_after)


def _code_of(status: int) -> str:
    if status >= 500:
        return "E_HTTP_5XX"
    named = {401: "E_REFUSED", 403: "E_FORBIDDEN", 404: "E_NOT_FOUND", 410: "E_NOT_FOUND", 429: "E_TOO_MANY_REQUESTS"}
    return named.get(status, "E_HTTP")
