"""The channels of a drill as they go: made by their owners, posted into, and left and joined again while the traffic flows.

Only those whom it concerns are told who comes and goes, and nobody who was away is told later. So each such change is repeated by its
name until it is answered, and then looked up until it is numbered: the judge has nobody else to learn that from.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from chaos.drill.audiences import Audience, Change, Turn, audiences, changes, posters
from chaos.drill.devices import Device, is_final
from chaos.drill.hosts import GroupNotMadeError
from chaos.drill.workload import Seat
from chaos.judge import events as e
from region.client import ClientError, Handle, Message

T = TypeVar("T")
ANSWER_SECONDS: Final = 10.0
"""How long one answer is waited for before it is asked again."""
AGAIN_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 240.0
"""How long a change is repeated and looked up before nobody knows what became of it."""


class Publishers:
    """Makes the channels, and lets people post and come and go.

    Attributes:
        found: The channels as they are planned.
        ids: Of these, in the same order.

    Args:
        ring: Who sits where.
        devices: By seat.
        name: What the texts of the run begin with.
        seed: What follows from it: who posts, and who comes and goes.
    """

    def __init__(self, ring: tuple[Seat, ...], devices: Sequence[Device], *, name: str, seed: int) -> None:
        self.found: tuple[Audience, ...] = audiences(ring)
        self.ids: list[str] = []
        self._devices = devices
        self._name = name
        self._seed = seed
        self._tokens: list[str | None] = []
        self._posters = posters(self.found, seed=seed)
        self._busy: dict[tuple[int, int], asyncio.Task[None]] = {}

    async def make(self) -> None:
        """Make the channels and their posters, and let everybody subscribe.

        Raises:
            GroupNotMadeError: Some of it was refused, or not answered.
        """
        made = await asyncio.gather(*map(self._make, self.found))
        self.ids = [channel for channel, _ in made]
        self._tokens = [token for _, token in made]

    async def post(self, text: str) -> tuple[Device, Handle]:
        """Let the next one post; return who that was, and the message."""
        number, seat = next(self._posters)
        staff = [self._devices[one] for one in self.found[number].staff]
        return self._devices[seat], await self._devices[seat].post(text, self.ids[number], staff)

    async def change(self, elapsed: Callable[[], float], *, every: float) -> None:
        """Let one after another come and go until cancelled; what has begun goes on: see `finish`.

        Args:
            elapsed: Tells the seconds since the traffic began.
            every: How far one change is from the next one, seconds.
        """
        for change in changes(self.found, seed=self._seed, every=every):
            await asyncio.sleep(max(0.0, change.due - elapsed()))
            place = change.audience, change.subscriber
            if (
                place not in self._busy or self._busy[place].done()
            ):  # else it is not known yet what came of the last one
                self._busy[place] = asyncio.create_task(self.do(change))

    async def finish(self) -> None:
        """Wait until it is known what became of everything that has begun."""
        await asyncio.gather(*self._busy.values())

    async def do(self, change: Change) -> None:
        """Let somebody come or go."""
        audience, channel = self.found[change.audience], self.ids[change.audience]
        subscriber, owner = self._devices[change.subscriber], self._devices[audience.staff[0]]
        match change.what:
            case Turn.JOIN:
                await self._join(subscriber, channel, self._tokens[change.audience])
            case Turn.LEAVE:
                await self._do(subscriber, channel, e.Change(change.what), partial(_remove, subscriber, subscriber))
            case Turn.REMOVE:
                what = e.Change(change.what, (subscriber.user,))
                await self._do(owner, channel, what, partial(_remove, owner, subscriber))

    async def _join(self, device: Device, channel: str, token: str | None) -> bool:
        async def call(channel: str, name: str) -> Message:
            return await device.client.channels.subscribe(channel, token, deed=name)

        return await self._do(device, channel, e.Change(Turn.JOIN), call)

    async def _do(
        self, device: Device, channel: str, change: e.Change, call: Callable[[str, str], Awaitable[Message]]
    ) -> bool:
        """Do something in a channel, and look until it is numbered; return whether it is."""
        answer = await device.do(change, channel, lambda name: insist(partial(call, channel, name)))
        return answer is not None and await device.look_up(answer, within=PATIENCE_SECONDS)

    async def _make(self, audience: Audience) -> tuple[str, str | None]:
        owner, *others = (self._devices[seat] for seat in audience.people)
        channels, title = owner.client.channels, f"{self._name} channel {audience.number}"

        def fail(what: str) -> GroupNotMadeError:
            return GroupNotMadeError(what=what, region=owner.seat.region)

        made = await owner.do(
            e.Change("channel_created"),
            None,
            lambda name: insist(lambda: channels.create(title, public=audience.public, deed=name)),
        )
        if made is None:
            raise fail("A channel")
        channel, token = made.channel_id, None
        if not audience.public:
            invite = await owner.do(
                e.Change("invite_made"), channel, lambda name: insist(lambda: channels.invite(channel, deed=name))
            )
            if invite is None or not await owner.look_up(invite.message, within=PATIENCE_SECONDS):
                raise fail("A link")
            token = invite.token
        if not all(await asyncio.gather(*(self._join(one, channel, token) for one in others))):
            raise fail("A subscription")
        for poster in others[: len(audience.staff) - 1]:
            change = e.Change("role_changed", (poster.user,), "admin")
            if not await self._do(owner, channel, change, partial(_promote, owner, poster)):
                raise fail("A poster")
        return channel, token


async def _remove(device: Device, subscriber: Device, channel: str, name: str) -> Message:
    return await device.client.channels.remove(channel, subscriber.user, deed=name)


async def _promote(owner: Device, poster: Device, channel: str, name: str) -> Message:
    return await owner.client.channels.give_role(channel, poster.user, "poster", deed=name)


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call until it is answered for good, or for long enough.

    Raises:
        ClientError: It was refused, or nobody knows.
        TimeoutError: Likewise.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await call()
        except (ClientError, TimeoutError) as error:
            if is_final(error) or loop.time() > until:
                raise
        await asyncio.sleep(AGAIN_SECONDS)
