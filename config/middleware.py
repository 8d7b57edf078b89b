"""What differs between the faces of the site, page by page."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

# Unfold's pages stand on Alpine, which evaluates expressions, and on style attributes.
ADMIN = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
# Swagger UI writes style attributes; its scripts are files of our own.
DOCS = {"script-src": [SELF], "style-src": [SELF, UNSAFE_INLINE]}


class PagePolicy:
    """Loosens the content policy where a foreign page cannot live under ours: `/admin/` and `/api/docs/` only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        loosened = next((p for prefix, p in PAGES.items() if request.path_info.startswith(prefix)), None)
        if loosened:
            response._csp_replace = loosened  # type: ignore[attr-defined]
        return response


PAGES = {"/admin/": ADMIN, "/api/docs/": DOCS}
