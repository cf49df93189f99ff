"""How a request is carried to another region: which headers go on, how often, and what has no URL."""

from collections.abc import Callable

import httpx
import pytest
from starlette.types import Scope

from infra.errors import NotFoundError
from infra.tls import public
from relay.edge.http import bridge, bridged_headers, end_to_end


async def nobody(_message: object) -> None:
    """Stand for a device that must not be answered."""
    pytest.fail("something was answered")


@pytest.mark.parametrize("path", [b"*", b"eu", b"/\0", b"/\xff", b"/" + b"a" * 100_000])
async def test_a_path_that_no_url_can_have_is_not_found(path: bytes) -> None:
    """A server reads more from a request line than a client can write."""
    scope: Scope = {"method": "POST", "path": "*", "raw_path": path, "query_string": b"", "headers": [], "client": None}

    async with httpx.AsyncClient(verify=public()) as client:
        with pytest.raises(NotFoundError, match="no such path"):
            await bridge(client, "http://eu", "eu", scope=scope, body=b"", send=nobody, deadline=0)


def test_a_request_that_went_round_is_stopped() -> None:
    """Three regions, then an error."""
    scope: Callable[[bytes], Scope] = lambda count: {"headers": [(b"causeway-bridged", count)], "client": None}  # noqa: E731

    assert (b"causeway-bridged", b"3") in bridged_headers(scope(b"2"), "eu")
    with pytest.raises(Exception, match="passed on 3 times"):
        bridged_headers(scope(b"3"), "eu")


@pytest.mark.parametrize("value", [b"9" * 5000, b"", b"-1", b"soon"])
def test_nonsense_in_the_count_is_no_count(value: bytes) -> None:
    """A device may send what it likes; it is one bridge, and no crash."""
    headers = bridged_headers({"headers": [(b"causeway-bridged", value)]}, "eu")

    assert dict(headers)[b"causeway-bridged"] == b"1"


def test_headers_of_one_connection_stay_there() -> None:
    """RFC 9110, 7.6.1: those that are listed, and those that `Connection` names."""
    headers = [(b"Connection", b"close, X-Mine"), (b"X-Mine", b"1"), (b"Upgrade", b"h2c"), (b"Accept", b"*/*")]

    assert end_to_end(headers) == [(b"accept", b"*/*")]
