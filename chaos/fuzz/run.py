"""A run: rounds of everything at once, rests between them in which all must settle, and in the end a real user whom the region still serves."""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final, Self

from chaos.federation import Status
from chaos.fuzz import frames, heads, trunks
from chaos.fuzz.garble import Json
from chaos.fuzz.openapi import explore
from chaos.fuzz.order import Order, Progress
from chaos.fuzz.places import Places
from chaos.fuzz.tally import Tally
from chaos.fuzz.things import Things
from chaos.fuzz.visitors import Visitor
from chaos.fuzz.vitals import Ward, judge
from chaos.fuzz.wire import Port
from region.client import Arrived, Client, ClientError

SHARES: Final = {
    "openapi": 0.5,
    "abroad": 0.1,
    "heads": 0.12,
    "frames": 0.16,
    "gateway": 0.04,
    "directory": 0.04,
    "trunks": 0.04,
}
"""Of all requests and frames: what goes where."""
SERVED_SECONDS: Final = 60.0

SEND: Final[dict[str, Json]] = {"recipient_id": "u000000000000000000000000-us", "text": "x", "client_message_id": "c"}
CALLS: Final[dict[tuple[str, str], dict[str, Json] | None]] = {
    ("POST", "/register"): {
        "handle": "ada",
        "password": "correct horse",
        "display_name": "Ada",
        "home_region": "us",
        "device_name": "laptop",
    },
    ("POST", "/login"): {"handle": "ada", "password": "correct horse", "device_name": "laptop"},
    ("POST", "/token"): {"refresh_token": "eyJhbGciOiJFZDI1NTE5In0.e30.AAAA"},
    ("POST", "/messages"): SEND,
    ("GET", "/messages?conversation_id=d00000000000000000000000000000000-us&limit=3"): None,
    ("GET", "/conversations"): None,
    ("GET", "/users?handle=ada"): None,
    ("POST", "/messages/m00000000000000000000000000000000000-us/read"): None,
    ("DELETE", "/devices/v0000000000000000"): None,
}
DIRECTORY_CALLS: Final[dict[tuple[str, str], dict[str, Json] | None]] = {
    ("POST", "/reservations"): {"handle": "fuzz.nobody", "home_region": "us", "idempotency_key": "k" * 40},
    ("POST", "/reservations/confirm"): {"handle": "fuzz.nobody", "token": "t" * 32},
    ("POST", "/reservations/release"): {"handle": "fuzz.nobody", "token": "t" * 32},
    ("GET", "/handles/fuzz.nobody"): None,
    ("GET", "/users/u000000000000000000000000-us"): None,
    ("GET", "/regions"): None,
    ("PUT", "/regions/zz"): {
        "holder": "zz",
        "epoch": 0,
        "incarnation": 1,
        "public_url": "http://z",
        "gateway_url": "http://z",
        "keys": [
            {"kid": "zz.k", "jwk": {"x": "A" * 43, "crv": "Ed25519", "kty": "OKP"}, "not_before": 0, "not_after": None}
        ],
    },
}  # fmt: skip — as a table


async def run(order: Order, status: Status, progress: Progress) -> None:
    """Send malformed requests and frames to a federation, and note in `progress` whatever is wrong with what it does.

    Raises:
        NoVisitorError: Nobody could log in.
    """
    places, ward, tally = Places.of(status), Ward(status), progress.tally
    cast = await asyncio.to_thread(Cast.meet, places)

    async def stir() -> None:
        await asyncio.to_thread(cast.travel, places)

    await stir()
    progress.moments.append(await ward.measure())
    token = await asyncio.to_thread(cast.writer.token)
    standing = asyncio.create_task(frames.stand(places.public[0], token, tally, seed=order.seed))
    try:
        for number in range(order.rounds):
            progress.doing = f"round {number + 1} of {order.rounds}"
            await _round(
                number, order.seed * 1_000 + number, order.share(number), places=places, cast=cast, tally=tally
            )
            progress.doing = f"rests after round {number + 1}"
            if number == order.rounds - 1:
                await standing
            progress.moments.append(await ward.settle(progress.moments[0], stir))
    finally:
        standing.cancel()
        await asyncio.gather(standing, return_exceptions=True)
    progress.doing = "names what is there"
    await asyncio.to_thread(cast.things.check, places.public[0], cast.writer, tally)
    progress.doing = "serves a real user"
    for port in places.public:
        await _serve(port, tally)
    for part, wrong in judge(progress.moments, [order.share(number) for number in range(order.rounds)]):
        tally.find(part, wrong, "over the whole run")
    for part, line in ward.complaints(progress.moments[0]):
        tally.find(part, "logged an error", line)
    progress.doing = "is done"


@dataclass(frozen=True, slots=True)
class Cast:
    """In whose name everything is sent.

    Attributes:
        caller: Calls every endpoint; its devices come and go.
        writer: Holds WebSockets.
        things: What the writer has.
        travellers: One of each region, whom nothing is done to.
    """

    caller: Visitor
    writer: Visitor
    things: Things
    travellers: tuple[Visitor, ...]

    @classmethod
    def meet(cls, places: Places) -> Self:
        """Register two in the first region, let them write to each other and make what requests will name; and one everywhere.

        Raises:
            NoVisitorError: It was not possible.
        """
        caller, writer, *travellers = (Visitor(port.url) for port in (*places.public[:1] * 2, *places.public))
        things = Things.make(writer, caller, caller.write(writer))
        return cls(caller, writer, things, tuple(travellers))

    def travel(self, places: Places) -> None:
        """Let each region's edge carry a request to another region.

        Raises:
            NoVisitorError: One was not answered.
        """
        for traveller, port in zip(self.travellers, (*places.public[1:], places.public[0]), strict=True):
            traveller.travel(port.url)


async def _round(number: int, seed: int, most: int, *, places: Places, cast: Cast, tally: Tally) -> None:
    share = {name: round(most * part) for name, part in SHARES.items()}
    home, abroad, gateway = places.public[0], places.public[-1], places.gateways[0]
    token = await asyncio.to_thread(cast.writer.token)
    tally.hidden.add(token)
    calls = CALLS | cast.things.calls()
    bearer = (b"Authorization: Bearer " + token.encode(),)

    def explore_both() -> None:
        explore(home, cast.caller, tally, seed=seed, most=share["openapi"])
        explore(abroad, cast.caller, tally, seed=seed, most=share["abroad"])

    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(explore_both))
        for target, name in (
            (heads.Target((home, abroad)[number % 2], calls, bearer), "heads"),
            (heads.Target(gateway, calls, bearer), "gateway"),
            (heads.Target(places.directory, DIRECTORY_CALLS), "directory"),
        ):
            group.create_task(heads.storm(target, tally, seed=seed, most=share[name]))
        group.create_task(trunks.storm(gateway, token, tally, seed=seed, most=share["trunks"]))
        group.create_task(
            frames.storm(
                (home, abroad)[number % 2],
                token,
                things=cast.things,
                tally=tally,
                seed=seed,
                most=share["frames"],
            )
        )


async def _serve(port: Port, tally: Tally) -> None:
    """Let two real users of a region write to each other."""
    text = f"still here {secrets.token_hex(4)}"
    try:
        async with asyncio.timeout(SERVED_SECONDS), Client([port.url]) as one, Client([port.url]) as other:
            for client in (one, other):
                await client.register(f"after-{secrets.token_hex(6)}", secrets.token_urlsafe(12))
                await client.online()
            await one.send(text, to=other.user_id)
            async for event in other.events():
                if isinstance(event, Arrived) and event.message.text == text:
                    return
    except (TimeoutError, ClientError) as error:
        tally.find(port.name, f"does not serve a real user afterwards: {type(error).__name__}", str(error))
