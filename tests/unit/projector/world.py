"""Three rehearsed regions, and whatever is on its way between them."""

import hashlib

import pytest
from msgspec.structs import replace

from region.projector.messages import ASK_AGAIN
from region.projector.rehearsal import Rehearsal, Relayed, deed
from replication import alterations as a
from replication import groups as g
from replication.ids import group_id, region_of
from replication.records import Entry, LogBody

ALICE = "u100000000000000000000001-us"
BOB = "u200000000000000000000002-us"
EVA = "u300000000000000000000003-eu"
EDI = "u400000000000000000000004-eu"
AKI = "u500000000000000000000005-ap"
GROUP = group_id(ALICE, "begin")
NAMES = ("us", "eu", "ap")
SEATS = {user: g.Seat(user, region_of(user)) for user in (ALICE, BOB, EVA, EDI, AKI)}


class World:
    """Three regions, and whatever is on its way between them."""

    def __init__(self) -> None:
        """Have everybody at home."""
        self.regions = {name: Rehearsal(name, federation=NAMES) for name in NAMES}
        self._taken: dict[tuple[str, str], int] = {}
        self._name = 0
        self.lost: list[tuple[str, Relayed]] = []
        for user in SEATS:
            self.regions[region_of(user)].befriend(user)

    def do(self, author: str, body: LogBody, *, settle: bool = True, conversation: str = GROUP) -> str:
        """Submit it under its own name; return its id."""
        wanted = deed(author, conversation, body)
        self.regions[region_of(author)].submit(wanted)
        if settle:
            self.settle()
        return wanted.id

    def settle(self) -> None:
        """Go on until nothing is under way."""
        for _ in range(20):
            for region in self.regions.values():
                region.project()
            if not self.carry():
                return
        pytest.fail("it never comes to rest")

    def carry(self) -> bool:
        """Bring each region what the others have for it; return whether there was anything."""
        moved = False
        for origin, region in self.regions.items():
            for name, destination in self.regions.items():
                relayed = region.relayed_to(name)
                had = self._taken.get((origin, name), 0)
                for one in relayed[had:]:
                    destination.submit(one.record, via=one.via)
                    moved = True
                self._taken[origin, name] = len(relayed)
        return moved

    def lose(self, origin: str, name: str) -> bool:
        """Let what comes next from one region to another fall into a hole of its stream; return whether anything was to come."""
        had = self._taken.get((origin, name), 0)
        coming = self.regions[origin].relayed_to(name)[had : had + 1]
        self.lost += [(name, one) for one in coming]
        self._taken[origin, name] = had + len(coming)
        return bool(coming)

    def find(self, number: int = 0) -> None:
        """Let one record arrive that fell into a hole."""
        name, one = self.lost.pop(number % len(self.lost))
        self.regions[name].submit(one.record, via=one.via)

    def remind(self, name: str) -> None:
        """Let a region ask again for all that waits there, once what was newest is more than a minute old."""
        region = self.regions[name]
        region.now += 2 * ASK_AGAIN
        region.remind()

    def code(self, identifier: str) -> str:
        """Return why it was refused, by its author's home; empty if it was not."""
        for region in self.regions.values():
            if identifier in region.tables.refusals:
                return region.tables.refusals[identifier][0].code
        return ""

    def begin(self, *others: str, history: bool = True, approval: bool = False) -> None:
        """Let Alice make the group."""
        seats = tuple(SEATS[user] for user in others)
        self.do(ALICE, g.GroupCreated("begin", "Travellers", "", seats, history, approval))

    def say(self, author: str, text: str) -> str:
        """Post."""
        return self.do(author, g.GroupMessageSent(text, text))

    def add(self, user: str, name: str = "") -> str:
        """Let Alice add somebody."""
        return self.do(ALICE, g.MemberAdded(name or f"add {user}", user, region_of(user)))

    def told(self, user: str) -> list[Entry]:
        """Return the entries that a user's devices were told, in order."""
        return [record for record in self.regions[region_of(user)].told(user) if isinstance(record, Entry)]

    def texts(self, region: str) -> list[str]:
        """Return the texts that rest in a region, in order of seq."""
        rows = self.regions[region].tables.entries
        return [entry.text for _, (entry, _) in sorted(rows.items()) if entry.text]

    def roles(self, region: str) -> dict[str, str]:
        """Return where everybody stands who is or was kept in or out, as a region has it."""
        members = self.regions[region].tables.conversations[GROUP].members.values()
        return {member.user_id: member.role for member in members if member.role != "former"}


def as_held(entry: Entry, held: Entry) -> Entry:
    """Return an entry as a region has it where nobody may see what it is about."""
    if isinstance(entry.body, a.Alteration) and isinstance(held.body, a.Alteration) and not held.body.target_seq:
        return replace(entry, body=a.blind(entry.body))
    return entry


def target(entry: Entry) -> int:
    """Return the seq that an entry is about; 0 for none."""
    return entry.body.target_seq if isinstance(entry.body, a.Alteration) else 0


def digest(entries: list[Entry]) -> str:
    """Return what is the same for the same entries, by whatever way they came."""
    ordered = sorted(entries, key=lambda entry: entry.seq)
    return hashlib.sha256(repr([replace(entry, hops=()) for entry in ordered]).encode()).hexdigest()
