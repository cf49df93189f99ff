"""What may be done how often: logging in, registering, refreshing, connecting, sending, marking, finding people. Each raises when it is too often.

A handle's allowance is kept apart for each region that logins come through. Whether the handle exists, and so which region
counts, does not show in it then: an edge's users are all counted alike. An address's allowance is each region's own: who has used
it up at one may still be heard at another, where a handle lives.
"""

import contextlib
import math
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from global_directory.rules import read_handle
from infra.errors import InvalidFieldError, InvalidTokenError
from region.gateway.errors import RateLimitedError
from region.gateway.limiter import Limiter
from region.gateway.origins import through
from region.gateway.rates import Book, Rate

LEASE: Final = 25
"""How many messages of a user one question covers: a question for each would cost as much as the message."""
MOST_LEASES: Final = 50_000
NEVER_GIVEN: Final = frozenset({"missing", "malformed", "forged", "unknown-key"})
"""What is wrong with a token that no region has signed."""
IPV6_BITS: Final = 64
"""A household or a server has that many bits of an IPv6 address to itself, so they count as one."""

Look = Callable[[str], Awaitable[None]]
"""As `Guards.look`."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """How often each may be done.

    Attributes:
        register: Accounts made, by address.
        register_through: Accounts made, by the other region whose edge carries them; it alone says from which addresses.
        login_address: Logins tried, by address.
        login_handle: Logins tried, by handle and address; passwords tried at `/password`, by user.
        login_anywhere: Logins tried, by handle from everywhere.
        login_through: Logins tried, by the other region whose edge carries them.
        connect: WebSockets opened, and tokens refreshed, by device.
        connect_user: WebSockets opened, by user.
        send_device: Messages sent, and marks raised over HTTP, by device and gateway.
        send_user: The same, by user.
        rejected: Tokens shown that no region has signed, to refresh or to connect, by address.
        upload: Uploads begun, by user.
        find: Searches for users and channels, by who searches and the region that is asked; searches in one's own history, by user.
        look: What is read for which another region is asked, by user.
        profile: Changes of one's profile, by user; as often blocks, and reports, each counted apart.
    """

    register: Rate
    register_through: Rate
    login_address: Rate
    login_handle: Rate
    login_anywhere: Rate
    login_through: Rate
    connect: Rate
    connect_user: Rate
    send_device: Rate
    send_user: Rate
    upload: Rate
    find: Rate
    look: Rate
    profile: Rate
    rejected: Rate


class Guards:
    """Raises RateLimitedError when something is done too often."""

    def __init__(self, limiter: Limiter, allowances: Allowances, *, region: str) -> None:
        """Say who counts, and how often what may be done."""
        self._limiter = limiter
        self._allowed = allowances
        self._region = region
        self._devices = Book()
        self._leases: OrderedDict[str, int] = OrderedDict()

    async def login(self, request: Request, handle: str) -> None:
        """A login is tried with that handle, as it was typed."""
        address, via = address_of(request.scope), through(request.scope) or self._region
        folded = _folded(handle)
        await self._demand("login", address, self._allowed.login_address)
        await self._through("login-through", request, self._allowed.login_through)
        await self._demand("login-handle", f"{via} {folded} {address}", self._allowed.login_handle)
        await self._demand("login-anywhere", f"{via} {folded}", self._allowed.login_anywhere)

    async def password(self, user_id: str) -> None:
        """A user's password is tried by a device that is logged in."""
        await self._demand("password", user_id, self._allowed.login_handle)

    async def register(self, request: Request) -> None:
        """An account is to be made."""
        await self._demand("register", address_of(request.scope), self._allowed.register)
        await self._through("register-through", request, self._allowed.register_through)

    async def connect(self, user_id: str, device_id: str) -> None:
        """A device of a user opens a WebSocket."""
        await self._demand("connect", device_id, self._allowed.connect)
        await self._demand("connect-user", user_id, self._allowed.connect_user)

    async def refresh(self, device_id: str) -> None:
        """A device exchanges a refresh token."""
        await self._demand("refresh", device_id, self._allowed.connect)

    async def find(self, user_id: str) -> None:
        """A user searches for others."""
        await self._demand("find", user_id, self._allowed.find)

    async def search(self, user_id: str) -> None:
        """A user searches in their own history."""
        await self._demand("search", user_id, self._allowed.find)

    async def look(self, user_id: str) -> None:
        """A user reads what only another region can tell: history that is not here, a strange channel, views, a picture."""
        await self._demand("look", user_id, self._allowed.look)

    async def profile(self, user_id: str) -> None:
        """A user changes their profile."""
        await self._demand("profile", user_id, self._allowed.profile)

    async def block(self, user_id: str) -> None:
        """A user blocks somebody, or says who may write; counted apart, so that whoever defends themselves can do both."""
        await self._demand("block", user_id, self._allowed.profile)

    async def report(self, user_id: str) -> None:
        """A user reports somebody."""
        await self._demand("report", user_id, self._allowed.profile)

    @contextlib.asynccontextmanager
    async def strangers(self, scope: Scope) -> AsyncIterator[None]:
        """A token is looked at: whoever shows one that no region has signed counts by address, since nobody else is known.

        Devices whose tokens have expired, or that were logged out, have proved that they were somebody's, and do not count.
        """
        try:
            yield
        except InvalidTokenError as error:
            if error.details.get("token_problem") in NEVER_GIVEN:
                await self._demand("rejected", address_of(scope), self._allowed.rejected)
            raise

    async def send(self, user_id: str, device_id: str) -> None:
        """A device sends a message, or raises a mark over HTTP."""
        rate = self._allowed.send_device
        wait = self._devices.take(device_id, rate, self._limiter.now())
        if wait > 0:
            raise RateLimitedError(retry_after=_seconds(wait))
        left = self._leases.pop(user_id, 0)
        if left == 0:
            lease = max(1, min(LEASE, self._allowed.send_user.count // 4))
            await self._demand("send", user_id, self._allowed.send_user, lease)
            left = lease
        self._leases[user_id] = left - 1
        if len(self._leases) > MOST_LEASES:
            self._leases.popitem(last=False)

    async def upload(self, user_id: str) -> None:
        """A user begins to bring an image or a file."""
        await self._demand("upload", user_id, self._allowed.upload)

    def now(self) -> float:
        """Return the time by which is counted, seconds, monotonic."""
        return self._limiter.now()

    async def _through(self, kind: str, request: Request, rate: Rate) -> None:
        """Count what another region carries: the addresses that it names need not be true."""
        via = through(request.scope)
        if via is not None:
            await self._demand(kind, via, rate)

    async def _demand(self, kind: str, subject: str, rate: Rate, cost: int = 1) -> None:
        wait = await self._limiter.take(kind, subject, rate, cost)
        if wait > 0:
            raise RateLimitedError(retry_after=_seconds(wait))


def address_of(scope: Scope) -> str:
    """Return by which address a caller is counted: the whole of IPv4, half of IPv6; empty if it is not known."""
    client = scope.get("client")
    text = str(client[0]) if client else ""
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> IPV6_BITS << IPV6_BITS))
    return text


def _folded(typed: str) -> str:
    """Return a handle as logging in reads it, so that every spelling counts as one; anything else as it was typed."""
    try:
        return read_handle(typed).folded
    except InvalidFieldError:
        return typed[:128].casefold()


def _seconds(wait: float) -> int:
    return max(1, math.ceil(wait))
