"""Whom an edge believes about addresses: what terminates TLS before it, and nobody else.

uvicorn's middleware does it, since it knows lists, ports and both kinds of addresses; but it takes what is no network for a name, so
a mistake would go unseen: `networks` reads them first.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import cast

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Read networks (CIDR) and single addresses, comma-separated.

    Raises:
        ValueError: One is none, or has bits set beyond its length.
    """
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def behind(app: ASGIApp, trusted: str) -> ASGIApp:
    """Return the app behind proxies: a request through them is from the last address of `X-Forwarded-For` that is none of theirs.

    Args:
        app: What is behind them.
        trusted: Their networks; empty if there are none: then the header is not looked at.
    """
    found = [str(network) for network in networks(trusted)]
    if not found:
        return app
    # Its types are uvicorn's own, for the same things.
    return cast("ASGIApp", ProxyHeadersMiddleware(app, trusted_hosts=found))  # type: ignore[arg-type]
