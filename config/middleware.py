"""What differs between the faces of the site, page by page."""

from collections.abc import Callable
from urllib.parse import urlencode

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, QueryDict, UnreadablePostError
from django.shortcuts import render, resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

# Unfold's pages stand on Alpine, which evaluates expressions, and on style attributes.
ADMIN = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


NUL = "\x00"  # no letter of any language, and PostgreSQL stores it in no text


class PlainText:
    """Answers 400 to an address or a form with a NUL in it: nobody types that, and no column can hold it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NUL in request.path_info or has_nul(request.GET) or has_nul(posted(request)):
            return render(request, "400.html", status=400)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A year of thirty digits in the address of a list of the admin: no calendar has it."""
        if isinstance(exception, OverflowError) and request.method == "GET" and request.path_info.startswith("/admin/"):
            return render(request, "400.html", status=400)
        return None


def has_nul(fields: QueryDict) -> bool:
    return any(NUL in name or any(NUL in text for text in texts) for name, texts in fields.lists())


def posted(request: HttpRequest) -> QueryDict:
    """The fields of an ordinary form; those that come with files are checked by the forms that read them."""
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        return QueryDict()
    try:
        return request.POST
    except (RequestDataTooBig, TooManyFieldsSent, UnreadablePostError):
        return QueryDict()  # whoever reads the form next is told


class OwnNotFound:
    """Under DEBUG, too, an address that is not there is answered by our own page; tracebacks of faults stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = not request.path_info.startswith("/api/") and request.accepts("text/html")
        if settings.DEBUG and is_page and type(response) is HttpResponseNotFound:
            return render(request, "404.html", status=404)
        return response


class SignInWhole:
    """A fragment asked for after the session ended sends the whole page to the log-in, and back to where it stood."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        asked: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if asked and response.status_code == 302:
            door, _, _ = response["Location"].partition("?")
            if door in (resolve_url(settings.LOGIN_URL), resolve_url("admin:login")):
                stood = asked.current_url_abs_path or request.path_info
                return HttpResponseClientRedirect(f"{door}?{urlencode({'next': stood})}")
        return response


class PagePolicy:
    """Loosens the content policy where a foreign page cannot live under ours: `/admin/` only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        loosened = next((p for prefix, p in PAGES.items() if request.path_info.startswith(prefix)), None)
        if loosened:
            response._csp_replace = loosened  # type: ignore[attr-defined]
        return response


PAGES = {"/admin/": ADMIN}
