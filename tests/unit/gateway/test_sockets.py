"""A device's socket from outside, on fakes: what its sends leave behind."""

import asyncio
import json
from typing import cast

from starlette.types import Message

from infra.errors import UnavailableError
from region.accounts.tokens import AccessClaims
from region.gateway.callers import Callers
from region.gateway.catchup import CatchUps
from region.gateway.connection import Limits
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.journal import Journal
from region.gateway.markkeeper import MarkKeeper
from region.gateway.outcomes import InFlight, Outcomes
from region.gateway.recipients import Recipients
from region.gateway.session import CatchUp, Snapshot
from region.gateway.sockets import Sockets
from region.gateway.submissions import Clerk
from replication.ids import direct_conversation_id
from replication.records import Submission

ADA, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-us"


class Region:
    """Everything that a socket stands on; the journal is away."""

    def known(self, author: str, named: str) -> tuple[str, str]:
        """Find a recipient."""
        return direct_conversation_id(author, named), named

    async def resident(self, _token: str | None) -> AccessClaims:
        """Everybody is Ada."""
        return AccessClaims(sub=ADA, home="us", epoch=1, device="v1", iss="us", iat=0, exp=0)

    async def register(self, _user: str) -> bool:
        """Register interest."""
        return True

    def withdraw(self, _user: str) -> None:
        """Withdraw interest."""

    async def read(self, _user: str, _device: str, _wanted: CatchUp) -> Snapshot:
        """Read a snapshot."""
        return Snapshot({0: 0}, 1, [], [])

    async def send(self, _submission: Submission) -> "asyncio.Future[int]":
        """Append to the journal."""
        raise UnavailableError(what="The journal")


async def test_a_send_that_did_not_reach_the_journal_is_not_waited_for() -> None:
    """It is refused at once, and nothing is remembered of it."""
    region, in_flight = Region(), InFlight()
    hub = Hub(
        region="us",
        instance="us/gateway",
        outcomes=Outcomes(cast("Journal", region)),
        in_flight=in_flight,
        revoked=lambda _user, _device: None,
        repeated=lambda _entry: None,
    )
    hub.restore()
    sockets = Sockets(
        region="us",
        callers=cast("Callers", region),
        hub=hub,
        interest=cast("Interest", region),
        catchups=cast("CatchUps", region),
        recipients=cast("Recipients", region),
        clerk=Clerk(region="us", instance="us/gateway"),
        journal=cast("Journal", region),
        in_flight=in_flight,
        marks=cast("MarkKeeper", region),
        limits=Limits(),
    )
    coming: asyncio.Queue[Message] = asyncio.Queue()
    told: list[dict[str, object]] = []
    await coming.put({"type": "websocket.connect"})
    for frame in (
        {"type": "hello", "resume": None, "held": None},
        {"type": "send", "client_message_id": "c1", "recipient_id": BOB, "text": "hi"},
    ):
        await coming.put({"type": "websocket.receive", "text": json.dumps(frame)})

    async def send(message: Message) -> None:
        told.append(json.loads(message.get("text") or "{}"))
        if told[-1].get("client_message_id") == "c1":
            await coming.put({"type": "websocket.disconnect"})

    scope = {"type": "websocket", "path": "/ws", "headers": [], "query_string": b""}
    async with asyncio.timeout(30):
        await sockets.serve(scope, coming.get, send)

    assert [(frame["code"], frame["definite"]) for frame in told if frame.get("type") == "error"] == [
        ("unavailable", True)
    ]
    assert len(in_flight) == 0
