"""Links cut, a projector and a MirrorMaker killed under traffic: what was accepted arrives, once, in one order."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from chaos.federation import Federation
from chaos.people import Person
from region.client import Handle, Stage

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
RECOVERY_SECONDS = 120.0
WINDOW = 10


def owner_of(handle: Handle) -> str:
    """The region that owns a message's conversation."""
    return handle.conversation_id.rpartition("-")[2]


@contextmanager
def cut(federation: Federation, link: str) -> Iterator[None]:
    """Cut a link for a while."""
    federation.run("local", "cut", link)
    try:
        yield
    finally:
        federation.run("local", "heal", link)


async def strangers_owned_by(make_person: MakePerson, *, here: str, there: str, owner: str) -> tuple[Person, Person]:
    """Make two people of two regions whose conversation will be owned by that one (the birth region of the smaller id)."""
    while True:
        one, other = await make_person(here), await make_person(there)
        if min(one.id, other.id).endswith(f"-{owner}"):
            return one, other


async def test_a_cut_link_queues_and_heals_in_one_order(
    make_person: MakePerson, whole: Federation, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """The sender is told for which region a message waits; after healing everything arrives once, in the same order."""
    alice, boris = await strangers_owned_by(make_person, here="us", there="eu", owner="eu")
    opening = await alice.write("before the cut", boris)
    await opening.reach(Stage.READ)
    conversation = opening.conversation_id

    with cut(whole, "us-eu"):
        queued = [await alice.write(f"queued {number}", boris) for number in range(10)]
        for handle in queued:
            await asyncio.wait_for(handle.reach(Stage.PENDING), 60)
            assert handle.queued_for == "eu"
        await alice.until(lambda: alice.queued[-1].text == "queued 9")
        assert [message.text for message in alice.queued[-10:]] == [f"queued {number}" for number in range(10)]
        own = [await boris.write(f"at home {number}", alice) for number in range(5)]
        for handle in own:
            await asyncio.wait_for(handle.reach(Stage.NUMBERED), 60)
        page = (
            await http.get(f"{urls['us']}/messages", params={"conversation_id": conversation}, headers=as_(alice))
        ).json()
        pending = [message for message in page["messages"] if message["seq"] is None]
        assert sorted(message["text"] for message in pending) == [f"queued {number}" for number in range(10)]
        assert {message["queued_for"] for message in pending} == {"eu"}
        assert page["messages"][: len(pending)] == pending

    for handle in queued + own:
        await asyncio.wait_for(handle.reach(Stage.READ), RECOVERY_SECONDS)
    for person in (alice, boris):
        await person.shows(conversation, 16)
    assert alice.texts(conversation) == boris.texts(conversation)
    assert alice.seqs(conversation) == list(range(1, 17))
    assert [text for text in boris.texts(conversation) if text.startswith("queued")] == [
        f"queued {n}" for n in range(10)
    ]


async def test_a_first_message_over_a_cut_link_waits_and_arrives(make_person: MakePerson, whole: Federation) -> None:
    """Nobody can say yet whether the recipient may be written to; the message waits for that answer."""
    alice, boris = await strangers_owned_by(make_person, here="us", there="eu", owner="us")
    await alice.client.user(boris.id)  # known here before the cut

    with cut(whole, "us-eu"):
        handle = await alice.write("first of all", boris)
        await asyncio.wait_for(handle.reach(Stage.ACCEPTED), 60)
        assert handle.stage < Stage.NUMBERED

    await asyncio.wait_for(handle.reach(Stage.READ), RECOVERY_SECONDS)
    assert boris.texts(handle.conversation_id) == ["first of all"]


async def test_a_one_way_cut_is_survived(make_person: MakePerson, whole: Federation) -> None:
    """Only one direction stands still; nothing is lost in either."""
    alice, boris = await make_person("us"), await make_person("eu")
    await (await alice.write("before", boris)).reach(Stage.READ)
    await whole.act("local", "cut", "eu-us", "--one-way")

    handles = [await alice.write(f"a{number}", boris) for number in range(5)]
    handles += [await boris.write(f"b{number}", alice) for number in range(5)]
    for handle in handles:
        await asyncio.wait_for(handle.reach(Stage.ACCEPTED), 60)
    await whole.act("local", "heal", "us-eu")

    for handle in handles:
        await asyncio.wait_for(handle.reach(Stage.READ), RECOVERY_SECONDS)
    conversation = handles[0].conversation_id
    assert alice.texts(conversation) == boris.texts(conversation)
    assert len(alice.texts(conversation)) == 11


class Traffic:
    """People of all regions, each pair of regions with a conversation, all writing steadily."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin every conversation, then write steadily."""
        for one, other in self._pairs():
            await (await one.write("opening", other)).reach(Stage.READ)
        self._tasks = [asyncio.create_task(self._write(one, other)) for one, other in self._pairs()]

    async def flows(self, *, more: int) -> None:
        """Wait until everybody has been shown that many more messages."""
        for person in self.people:
            await person.shows_more(more, within=RECOVERY_SECONDS)

    async def check(self) -> None:
        """Stop writing; then everything accepted must be shown to both, once, in the same order, without a hole."""
        self._stop.set()
        await asyncio.gather(*self._tasks)
        for person in self.people:
            for handle in person.handles:
                await asyncio.wait_for(handle.reach(Stage.READ), RECOVERY_SECONDS)
        for one in self.people:
            for conversation in one.screen:
                both = [person for person in self.people if conversation in person.screen]
                assert len(both) == 2
                written = {h.message_id for person in both for h in person.handles if h.conversation_id == conversation}
                for person in both:
                    await person.shows(conversation, len(written), within=RECOVERY_SECONDS)
                logs = [[(m.seq, m.message_id, m.text) for m in person.screen[conversation]] for person in both]
                assert logs[0] == logs[1]
                assert [seq for seq, *_ in logs[0]] == list(range(1, len(written) + 1))
                assert {message_id for _, message_id, _ in logs[0]} == written
                stored = [
                    (m.seq, m.message_id, m.text)
                    async for m in one.client.walk(conversation=conversation, forward=True)
                ]
                assert stored == logs[0]

    def _pairs(self) -> list[tuple[Person, Person]]:
        return [(one, other) for one in self.people for other in self.people if one is not other]

    async def _write(self, one: Person, other: Person) -> None:
        handles: deque[Handle] = deque()
        while not self._stop.is_set():
            # The pace follows what is read, a window behind; through an outage the outbox bridges.
            handles.append(await one.write(f"{one.id} {len(handles)}", other))
            if len(handles) > WINDOW:
                await handles.popleft().reach(Stage.READ)


@pytest.mark.parametrize("victim", ["eu/projector", "eu/mirror", "us/forwarder", "ap/ingester", "us/fanout"])
async def test_a_part_killed_under_traffic_costs_nothing(
    make_person: MakePerson, whole: Federation, victim: str
) -> None:
    """Nothing accepted is lost, doubled, or ordered differently in two regions; and traffic goes on by itself."""
    traffic = Traffic([await make_person(home) for home in ("us", "eu", "ap")])
    await traffic.open()
    await traffic.flows(more=20)

    await whole.act("local", "kill", victim)

    await traffic.flows(more=20)
    await traffic.check()
