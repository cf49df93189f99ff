"""From which address a device is seen that comes through what terminates TLS; and that nobody makes one up."""

import httpx
import pytest
from pydantic import ValidationError
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.edge.proxies import behind
from relay.edge.settings import EdgeSettings

PROXIES = "10.0.0.0/8, 2001:db8:1::/48, 192.0.2.7"


async def address(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell from where a request is."""
    await PlainTextResponse(scope["client"][0])(scope, receive, send)


async def seen(app: ASGIApp, *, at: str, forwarded: str | None) -> str:
    """Return the address from which a request is seen that arrives from there."""
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(at, 5)), base_url="http://us") as client:
        return (await client.get("/", headers=headers)).text


@pytest.mark.parametrize("proxy", ["10.1.2.3", "2001:db8:1::5", "192.0.2.7"])
async def test_two_devices_behind_one_proxy_have_two_addresses(proxy: str) -> None:
    """And so are counted apart; also behind two proxies, one after the other."""
    app = behind(address, PROXIES)

    assert await seen(app, at=proxy, forwarded="198.51.100.1") == "198.51.100.1"
    assert await seen(app, at=proxy, forwarded="198.51.100.2") == "198.51.100.2"
    assert await seen(app, at=proxy, forwarded="2001:db8:2::1, 10.9.9.9") == "2001:db8:2::1"
    assert await seen(app, at=proxy, forwarded=None) == proxy


async def test_a_device_does_not_make_an_address_up() -> None:
    """Through a proxy, which adds what it has seen, and past it."""
    app = behind(address, PROXIES)

    assert await seen(app, at="10.1.2.3", forwarded="203.0.113.9, 198.51.100.1") == "198.51.100.1"
    assert await seen(app, at="10.1.2.3", forwarded="10.0.0.1, 198.51.100.1") == "198.51.100.1"
    assert await seen(app, at="198.51.100.1", forwarded="203.0.113.9") == "198.51.100.1"
    assert await seen(behind(address, ""), at="10.1.2.3", forwarded="203.0.113.9") == "10.1.2.3"


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.0/8;10.1.0.0/16"])
def test_what_is_no_network_is_named_at_start(wrong: str) -> None:
    """It would be taken for a name that nobody has, and all devices would share the proxy's address."""
    with pytest.raises(ValidationError) as caught:
        EdgeSettings.model_validate({"trusted_proxies": wrong})

    assert ("trusted_proxies",) in [error["loc"] for error in caught.value.errors()]
