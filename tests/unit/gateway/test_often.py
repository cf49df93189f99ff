"""What is asked too often over HTTP is answered 429, with when to come again, and nothing is done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import httpx
import pytest
from redis.asyncio import Redis

from region.accounts.credentials import Credentials
from region.accounts.registration import Application, Registration
from region.accounts.repository import UserRow
from region.accounts.sessions import Grant, Sessions
from region.accounts.tokens import AccessClaims, refused
from region.gateway.callers import Callers
from region.gateway.guards import Allowances, Guards
from region.gateway.http import make_app
from region.gateway.http_accounts import accounts
from region.gateway.http_messages import messages
from region.gateway.http_users import users
from region.gateway.hub import Hub
from region.gateway.limiter import Limiter
from region.gateway.messages import Messages
from region.gateway.rates import Rate

ADA = UserRow("u" + "a" * 24 + "-us", "ada", "Ada", "", "", 1, confirmed=True, created_at=0)
ONCE = Rate(1, 60)


class Everything:
    """All that endpoints stand on: it says that it was asked, and then that there is no such thing, or gives tokens."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.problem = ""

    device_name = staticmethod(Sessions.device_name)

    async def resident(self, _token: str | None) -> AccessClaims:
        """Everybody is Ada."""
        return AccessClaims(sub=ADA.user_id, home="us", epoch=1, device="v1", iss="us", iat=0, exp=0)

    async def register(self, _application: Application) -> UserRow:
        """Make an account."""
        self.done.append("register")
        return ADA

    async def add_device(self, user: UserRow, _name: str) -> Grant:
        """Log in."""
        return Grant(user, "v1", "access", "refresh", 900)

    async def refresh(self, _token: str, *, admit: Callable[[str], Awaitable[None]]) -> Grant:
        """Refresh, unless the token is found wrong."""
        if self.problem:
            raise refused(self.problem, "for a test")
        await admit("v1")
        self.done.append("refresh")
        return Grant(ADA, "v1", "access", "refresh", 900)

    async def change(self, *_: object, **__: object) -> None:
        """Change the password."""
        self.done.append("password")

    async def mark(self, _caller: AccessClaims, _message: str, *, read: bool) -> None:
        """Mark."""
        self.done.append("read" if read else "received")


@pytest.fixture
def everything() -> Everything:
    """What was done."""
    return Everything()


@pytest.fixture
async def http(everything: Everything) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway at which each may be done once a minute, by a clock that stands still, without Redis."""
    limiter = Limiter(cast("Redis", None), clock=lambda: 1000.0)
    limiter._away_until = float("inf")  # noqa: SLF001 — there is no Redis
    guards = Guards(limiter, Allowances(**dict.fromkeys(Allowances.__dataclass_fields__, ONCE)), region="us")
    callers, sessions = cast("Callers", everything), cast("Sessions", everything)
    routers = {
        "accounts": accounts(
            region="us", registration=cast("Registration", everything), sessions=sessions, guards=guards
        ),
        "users": users(
            sessions=sessions,
            credentials=cast("Credentials", everything),
            callers=callers,
            hub=cast("Hub", everything),
            guards=guards,
        ),
        "messages": messages(callers=callers, messages=cast("Messages", everything), guards=guards),
    }
    transport = httpx.ASGITransport(make_app(routers), client=("192.0.2.1", 5))
    async with httpx.AsyncClient(transport=transport, base_url="http://us") as client:
        yield client


REGISTER = ("/register", {"handle": "ada", "password": "correct horse"}, "register")
TOKEN = ("/token", {"refresh_token": "eyJ"}, "refresh")
PASSWORD = ("/password", {"old_password": "correct horse", "new_password": "better horse"}, "password")
READ = ("/messages/m1/read", None, "read")
RECEIVED = ("/messages/m1/received", None, "received")


def is_limited(answer: httpx.Response) -> bool:
    """Whether it says when to come again, in the header and in the problem alike."""
    if answer.status_code != 429:
        return False
    told = answer.json()
    assert (told["code"], told["definite"]) == ("rate-limited", True)
    assert answer.headers["Retry-After"] == str(told["retry_after"]) == "60"
    return True


@pytest.mark.parametrize(("path", "body", "what"), [REGISTER, TOKEN, PASSWORD, READ, RECEIVED])
async def test_what_is_asked_too_often_is_not_done(
    http: httpx.AsyncClient, everything: Everything, path: str, body: object, what: str
) -> None:
    """The first is done, the second is told when to come again."""
    first, second = await http.post(path, json=body), await http.post(path, json=body)

    assert first.status_code in {200, 201, 204}, first.text
    assert is_limited(second)
    assert everything.done == [what]


async def test_a_message_too_many_is_not_sent(http: httpx.AsyncClient, everything: Everything) -> None:
    """Marks and messages are counted together."""
    assert (await http.post(READ[0])).status_code == 204

    assert is_limited(await http.post("/messages", json={"recipient_id": "u1", "text": "hi"}))
    assert everything.done == ["read"]


@pytest.mark.parametrize("problem", ["malformed", "forged", "unknown-key"])
async def test_forged_refresh_tokens_are_counted_by_address(
    http: httpx.AsyncClient, everything: Everything, problem: str
) -> None:
    """Whoever makes them up has no device that they could be counted by."""
    everything.problem = problem

    assert (await http.post(TOKEN[0], json=TOKEN[1])).json()["token_problem"] == problem
    assert is_limited(await http.post(TOKEN[0], json=TOKEN[1]))


@pytest.mark.parametrize("problem", ["expired", "reused", "revoked", "foreign"])
async def test_devices_that_were_somebodys_hear_what_is_wrong(
    http: httpx.AsyncClient, everything: Everything, problem: str
) -> None:
    """However often they ask: they are to log in, and not to wait."""
    everything.problem = problem

    assert [(await http.post(TOKEN[0], json=TOKEN[1])).status_code for _ in range(3)] == [401] * 3
