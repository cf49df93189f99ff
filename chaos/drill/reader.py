"""Once everything has settled: every member's whole histories, from their home and from elsewhere, and what regions hold.

Everybody also asks for some conversations of others, which nobody must be shown.
A region's digest is that of what it serves to a member who lives there: every member is served from the copy of their home.
"""

import asyncio
from collections.abc import Mapping, Sequence

from chaos.drill.copies import Copy, digests
from chaos.drill.devices import Device
from chaos.drill.sightings import sighting
from chaos.judge import events as e
from chaos.judge.ledger import Ledger
from region.client import Client, ClientError, ProblemError

PAGE = 200
ATTEMPTS = 3
PATIENCE_SECONDS = 60.0
"""How long each request is repeated: a region that is slow to answer when all is over has still to be read."""
AT_ONCE = 4
STRANGE = 3
"""How many conversations of others everybody asks for."""


def strange(talks: Mapping[str, tuple[int, ...]], seat: int) -> list[str]:
    """Return some conversations of others, not the same for every seat, and all groups and channels of others.

    Args:
        talks: Conversation to the seats of its members.
        seat: Whose are left out.
    """
    others = [name for name, members in talks.items() if seat not in members]
    begin = seat % len(others) if others else 0
    groups = [name for name in others if name.startswith(("g", "c"))]
    return list(dict.fromkeys((others[begin:] + others[:begin])[:STRANGE] + groups))


class Reader:
    """Reads histories, and notes them.

    Args:
        ledger: Where.
        urls: Region to public URL.
    """

    def __init__(self, ledger: Ledger, urls: Mapping[str, str]) -> None:
        self._ledger = ledger
        self._urls = urls
        self._copies: dict[str, list[Copy]] = {}
        self._limit = asyncio.Semaphore(AT_ONCE)

    @property
    def samples(self) -> dict[str, tuple[str, ...]]:
        """Of each conversation that was read, its first message and its last, by their ids."""
        found = {}
        for name, copies in self._copies.items():
            texts = [one.message for one in copies[0].entries if one.content is not None and one.change is None]
            found[name] = tuple(dict.fromkeys((*texts[:1], *texts[-1:])))
        return found

    async def read_all(self, devices: Sequence[Device], talks: Mapping[str, tuple[int, ...]]) -> None:
        """Read every conversation as each member of it, through the member's home and one other region; note digests at the end.

        Args:
            devices: By seat.
            talks: Conversation to the seats of its members; of a group, of everybody who ever was one.
        """
        async with asyncio.TaskGroup() as group:
            for device in devices:
                others = [region for region in self._urls if region != device.seat.region]
                elsewhere = others[device.seat.number // len(self._urls) % len(others)]
                mine = [name for name, members in talks.items() if device.seat.number in members]
                theirs = strange(talks, device.seat.number)
                group.create_task(self._twice(device, elsewhere, mine, theirs))
        for one in digests(self._copies, self._ledger.now()):
            self._ledger.note(one)

    async def _twice(self, device: Device, elsewhere: str, mine: list[str], theirs: list[str]) -> None:
        """First at home, then elsewhere: of two readings at the same time neither can be held against the other."""
        await self._as_member(device, device.seat.region, mine, theirs)
        await self._as_member(device, elsewhere, mine, [])

    async def _as_member(self, device: Device, region: str, conversations: list[str], others: list[str]) -> None:
        once = Client([self._urls[region]], listen=False, device_name="drill reader", patience=PATIENCE_SECONDS)
        async with self._limit, once as client:
            try:
                await client.log_in(device.handle, device.password)
            except ClientError as error:
                for conversation in conversations:  # what was not read obliges nobody, and leaves the judge in doubt
                    self._ledger.note(e.Info(self._ledger.now(), self._ask(device, region, conversation), error.code))
                return
            for conversation in conversations:
                for _ in range(ATTEMPTS):
                    entries = await self._history(client, device, region, conversation)
                    if entries is not None:
                        if region == device.seat.region:
                            self._copies.setdefault(conversation, []).append(Copy(region, entries))
                        break
            for conversation in others:
                await self._ask_as_stranger(client, device, region, conversation)

    async def _history(
        self, client: Client, device: Device, region: str, conversation: str
    ) -> tuple[e.Sighting, ...] | None:
        """Read a conversation from its first entry to its head; return None if that failed."""
        op, entries, after = self._ask(device, region, conversation), list[e.Sighting](), "0.0"
        while True:
            try:
                page = await client.history(conversation=conversation, limit=PAGE, after=after)
            except ClientError as error:
                self._ledger.note(e.Info(self._ledger.now(), op, error.code))
                return None
            seen = [sighting(message) for message in page.messages if message.seq is not None]
            entries += seen
            self._ledger.note(e.Page(self._ledger.now(), op, conversation, seen))
            if page.previous is None:
                self._ledger.note(e.Ok(self._ledger.now(), op, conversation, whole=True))
                return tuple(entries)
            after = page.previous

    async def _ask_as_stranger(self, client: Client, device: Device, region: str, conversation: str) -> None:
        """Ask for what is not theirs; whatever they are shown is for the judge."""
        op = self._ask(device, region, conversation)
        try:
            page = await client.history(conversation=conversation, limit=PAGE, after="0.0")
        except ProblemError as error:
            self._ledger.note(e.Fail(self._ledger.now(), op, error.code))
        except ClientError as error:
            self._ledger.note(e.Info(self._ledger.now(), op, error.code))
        else:
            seen = [sighting(message) for message in page.messages if message.seq is not None]
            self._ledger.note(e.Page(self._ledger.now(), op, conversation, seen))
            self._ledger.note(e.Ok(self._ledger.now(), op, conversation))

    def _ask(self, device: Device, region: str, conversation: str) -> int:
        """Note that a conversation is asked for; return what its answer goes by."""
        op = self._ledger.op()
        reader = f"r{device.seat.number}-{region}"
        self._ledger.note(e.Invoke(self._ledger.now(), op, "history", reader, device.user, region, conversation))
        return op
