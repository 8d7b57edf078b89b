"""Local stand-ins of outside services: they speak the service's own HTTP protocol, keep everything in memory, and fail
on demand. Tests and the demo talk to them through the real clients; an installation never starts one.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What came: path without the query, headers, body; `form` is an HTML form's fields."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    @property
    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: an object as JSON, a text as HTML, a `location` as a redirect."""

    body: Any = None
    status: int = 200
    location: str = ""


Page = Callable[..., Answer]


class StandIn:
    """A server on a loopback port, on a thread of its own; `pages` are (method, pattern of the path, function)."""

    def __init__(self, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.is_down = False  # answers 500 to everything a program asks
        self.pages: list[tuple[str, re.Pattern[str], Page]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # head and body in one packet: else the body waits 40 ms for the other side's delayed ACK

            def answer(self) -> None:
                asked = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(asked.query).items()}
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = stand_in.answer(Request(self.command, asked.path, query, self.headers, body))
                self.reply(told)

            do_GET = do_POST = answer

            def reply(self, told: Answer) -> None:
                is_page = isinstance(told.body, str)
                text = told.body if is_page else json.dumps(told.body, ensure_ascii=False)
                raw = text.encode()
                self.send_response(told.status)
                if told.location:
                    self.send_header("Location", told.location)
                self.send_header("Content-Type", "text/html; charset=utf-8" if is_page else "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet: whoever runs the stand-in looks at its page."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = int(self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, name=type(self).__name__, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def page(self, method: str, pattern: str, function: Page) -> None:
        self.pages.append((method, re.compile(pattern), function))

    def answer(self, request: Request) -> Answer:
        for method, pattern, function in self.pages:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                return function(request, **found.groupdict())
        return Answer({"type": "error", "code": "not_found", "description": "Нет такой страницы"}, 404)


def html(title: str, body: str) -> str:
    """A page of a stand-in: plain, and it says what it is."""
    return (
        '<!doctype html><html lang="ru"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><link rel="icon" href="data:,">'
        "<style>body{font:1.1rem/1.5 sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}"
        "button{font:inherit;padding:.75rem 1.25rem;margin:.25rem .5rem .25rem 0;border:1px solid #0b6b64;"
        "border-radius:.5rem;background:#fff;color:#0b6b64}button.main{background:#0b6b64;color:#fff}"
        "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem .25rem 0}"
        "label{display:block}small{color:#4c5a57}</style>"
        f"<h1>{title}</h1>{body}"
        "<p><small>Учебный двойник для показа и тестов. Денег он не списывает.</small></p></html>"
    )
