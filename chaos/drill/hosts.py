"""The groups of a drill as they go: made by their hosts, posted into, and changed while the traffic flows."""

import asyncio
from collections.abc import Callable, Sequence

from chaos.drill.devices import Device
from chaos.drill.gatherings import Deed, Gathering, What, deeds, gatherings, posters
from chaos.drill.workload import Seat
from chaos.judge import events as e
from infra.errors import CausewayError
from region.client import Handle, Message

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 20.0
"""How long a change is waited for before nobody knows whether it happened."""


class GroupNotMadeError(CausewayError):
    """{what} could not be made in {region}, before anything was struck. See `causeway status`."""

    code = "group-not-made"
    definite = False


class Hosts:
    """Makes the groups, and lets people post and come and go.

    Attributes:
        found: The groups as they are planned.
        ids: Of these, in the same order.

    Args:
        ring: Who sits where.
        devices: By seat.
        name: What the texts of the run begin with.
        seed: What follows from it: who posts, and what is done.
    """

    def __init__(self, ring: tuple[Seat, ...], devices: Sequence[Device], *, name: str, seed: int) -> None:
        self.found: tuple[Gathering, ...] = gatherings(ring)
        self.ids: list[str] = []
        self._devices = devices
        self._name = name
        self._seed = seed
        self._tokens: list[str] = []
        self._posters = posters(self.found, seed=seed)

    async def make(self) -> None:
        """Make the groups, their admins and links; wait until everybody's screen has shown all that.

        Raises:
            GroupNotMadeError: Some of it was refused, or not answered.
        """
        for gathering in self.found:
            await self._make(gathering)
        for gathering, group in zip(self.found, self.ids, strict=True):
            head = 2 + len(gathering.staff) - 1
            while any(self._devices[seat].seq(group) < head for seat in gathering.people):  # noqa: ASYNC110  # screens have no events
                await asyncio.sleep(LOOK_SECONDS)

    async def post(self, text: str) -> tuple[Device, Handle]:
        """Let the next one post; return who that was, and the message."""
        number, seat = next(self._posters)
        staff = [self._devices[one] for one in self.found[number].staff]
        return self._devices[seat], await self._devices[seat].post(text, self.ids[number], staff)

    async def change(self, elapsed: Callable[[], float], *, every: float) -> None:
        """Do one thing after another, whatever becomes of those before, until cancelled.

        Args:
            elapsed: Tells the seconds since the traffic began.
            every: How far one is from the next one, seconds.
        """
        async with asyncio.TaskGroup() as group:
            for deed in deeds(self.found, seed=self._seed, every=every):
                await asyncio.sleep(max(0.0, deed.due - elapsed()))
                group.create_task(self.do(deed))

    async def do(self, deed: Deed) -> None:
        """Do one thing."""
        groups, group = self._devices[deed.actor].client.groups, self.ids[deed.gathering]
        target = self._devices[deed.target].user
        to_others = () if deed.what in {What.LEAVE, What.JOIN} else (target,)
        given = ("owner", True) if deed.what is What.HAND_OVER else ("", False)

        async def call(name: str) -> Message:
            async with asyncio.timeout(PATIENCE_SECONDS):
                match deed.what:
                    case What.ADD:
                        return await groups.add(group, target, deed=name)
                    case What.REMOVE | What.LEAVE:
                        return await groups.remove(group, target, deed=name)
                    case What.JOIN:
                        return await groups.join(group, self._tokens[deed.gathering], deed=name)
                    case What.HAND_OVER:
                        return await groups.give_role(group, target, "owner", hand_over=True, deed=name)

        await self._devices[deed.actor].do(e.Change(deed.what, to_others, *given), group, call)

    async def _make(self, gathering: Gathering) -> None:
        host, *admins = (self._devices[seat] for seat in gathering.staff)
        others = [self._devices[seat].user for seat in gathering.people[1:]]
        groups = host.client.groups
        title = f"{self._name} group {gathering.number}"
        made = await host.do(
            e.Change("group_created", tuple(others), history=gathering.history),
            None,
            lambda name: groups.create(title, *others, history=gathering.history, deed=name),
        )
        if made is None:
            raise GroupNotMadeError(what="A group", region=host.seat.region)
        self.ids.append(made.group_id)
        for admin in admins:
            await host.do(
                e.Change("role_changed", (admin.user,), "admin"),
                made.group_id,
                lambda name, user=admin.user: groups.give_role(made.group_id, user, "admin", deed=name),  # type: ignore[misc]
            )
        invite = await host.do(
            e.Change("invite_made"), made.group_id, lambda name: groups.invite(made.group_id, deed=name)
        )
        if invite is None:
            raise GroupNotMadeError(what="A link", region=host.seat.region)
        self._tokens.append(invite.token)
