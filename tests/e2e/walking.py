"""What every walk needs: somebody's phone, the faults that axe-core finds on a page, a bank to pay at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.models import User
from payments.standins.yookassa import YooKassaStandIn

AXE = files("axe_playwright_python").joinpath("axe.min.js")
RUN_AXE = """async () => (await axe.run()).violations.map(
    one => one.id + ": " + one.nodes.map(node => node.target.join(" ")).join("; "))"""
PHONE = {"width": 390, "height": 844}


def phone_of(browser: Browser, user: User | None, *, url: str, **context_args: Any) -> BrowserContext:
    """A phone, 390 px wide, of somebody who has entered, or of a passer-by."""
    context = browser.new_context(**{**context_args, "viewport": PHONE}, base_url=url)
    if user is not None:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}
        context.add_cookies([session])  # type: ignore[list-item]
    return context


def faults(page: Page) -> list[str]:
    """What axe-core finds, in the light and in the dark; and whether the page is wider than its window at 200 %."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found += [f"{page.url} {scheme}: {one}" for one in page.evaluate(RUN_AXE)]
    page.emulate_media(color_scheme="light")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.evaluate("document.documentElement.style.fontSize = ''")
    return found + ([f"{page.url}: wider than the screen by {over} px at 200 %"] if over > 0 else [])


@contextmanager
def bank_of(settings: Any, *, site: str) -> Iterator[YooKassaStandIn]:
    """The provider: its page for the payer, its notifications to us."""
    stand_in = YooKassaStandIn(
        shop_id="100500", secret_key="test_secret", notify_url=f"{site}/payments/online/yookassa/", retry_seconds=0.05
    )
    stand_in.start()
    settings.YOOKASSA_SHOP_ID, settings.YOOKASSA_SECRET_KEY = "100500", "test_secret"
    settings.YOOKASSA_API_URL, settings.YOOKASSA_NETWORKS = f"{stand_in.address}/v3", ["127.0.0.1/32"]
    yield stand_in
    stand_in.stop()
