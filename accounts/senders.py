"""Who asks: the address behind our own proxies."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def sender_of(request: HttpRequest) -> str:
    """The IP address of who asks: past our own proxies (TRUSTED_PROXIES), the last one that they saw themselves."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    address = str(request.META.get("REMOTE_ADDR", ""))
    while hops and _is_proxy(address):
        address = hops.pop()
    return address


def _is_proxy(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network) for network in settings.TRUSTED_PROXIES)
