"""A relay topic that lost what was not mirrored yet: the destination asks the origin, and everything arrives, once, and in order."""

import asyncio
import contextlib
from collections.abc import Callable

import httpx

from chaos.federation import CommandError, Federation
from chaos.people import Person
from region.client import Handle, Stage
from tests.acceptance.gauges import Gauges

MakePerson = Callable[..., "asyncio.Future[Person]"]
As = Callable[[Person], dict[str, str]]
RECOVERY_SECONDS = 120.0
LOST = 5


async def heal(federation: Federation, part: str) -> None:
    """Start a part again; on a busy machine that takes longer than the command waits, and what follows waits for what it needs."""
    with contextlib.suppress(CommandError):
        await federation.act("local", "heal", part)


async def strangers_owned_by(make_person: MakePerson, owner: str) -> tuple[Person, Person]:
    """Make somebody in us and somebody in eu whose conversation that region will own."""
    while True:
        one, other = await make_person("us"), await make_person("eu")
        if min(one.id, other.id).endswith(f"-{owner}"):
            return one, other


class Loss:
    """Two conversations between us and eu, one owned by each, of whose messages the mirror into eu misses some."""

    def __init__(self, federation: Federation, gauges: Gauges, pairs: list[tuple[Person, Person]]) -> None:
        self.federation = federation
        self.gauges = gauges
        self.pairs = pairs
        self.conversations: list[str] = []
        self.handles: list[Handle] = []

    async def lose(self) -> None:
        """Write while the mirror is down, lose that, and write once more."""
        for sender, reader in self.pairs:
            opening = await sender.write("opening", reader)
            await opening.reach(Stage.READ)
            self.conversations.append(opening.conversation_id)
        await self.federation.act("local", "kill", "eu/mirror", "--stay-down")
        await self._write([f"lost {number}" for number in range(LOST)])
        said = await self.federation.act("local", "truncate", "us", "relay.eu")
        assert "records are gone" in said
        await self._write(["after"])

    async def _write(self, texts: list[str]) -> None:
        """Write in both conversations, and wait until the forwarder has put it out."""
        before = await self.gauges.read("us/forwarder", "causeway_forwarder_records_total", destination="eu")
        self.handles += [await sender.write(text, reader) for text in texts for sender, reader in self.pairs]
        await self.gauges.reach(
            "us/forwarder",
            "causeway_forwarder_records_total",
            before + len(texts) * len(self.pairs),
            destination="eu",
        )

    async def check(self) -> None:
        """Everything has arrived, once, and both see the same."""
        for handle in self.handles:
            await asyncio.wait_for(handle.reach(Stage.READ), RECOVERY_SECONDS)
        for conversation, (sender, reader) in zip(self.conversations, self.pairs, strict=True):
            for person in (sender, reader):
                await person.shows(conversation, LOST + 2, within=RECOVERY_SECONDS)
                assert person.seqs(conversation) == list(range(1, LOST + 3))
            assert sender.texts(conversation) == reader.texts(conversation)
            assert sorted(reader.texts(conversation)) == sorted(
                ["opening", *(f"lost {number}" for number in range(LOST)), "after"]
            )


async def test_a_relay_topic_truncated_before_it_was_mirrored_costs_nothing(
    make_person: MakePerson, whole: Federation, gauges: Gauges
) -> None:
    """The stream is parked, the range comes from the origin, and the order is kept, whoever owns the conversation."""
    repaired = await gauges.read("eu/ingester", "causeway_ingester_repaired_records_total", origin="us")
    loss = Loss(whole, gauges, [await strangers_owned_by(make_person, owner) for owner in ("us", "eu")])
    await loss.lose()

    await heal(whole, "eu/mirror")

    await loss.check()
    for conversation, (_, reader) in zip(loss.conversations, loss.pairs, strict=True):
        assert reader.texts(conversation) == ["opening", *(f"lost {number}" for number in range(LOST)), "after"]
    assert await gauges.read("eu/ingester", "causeway_ingester_repaired_records_total", origin="us") > repaired
    assert await gauges.read("eu/ingester", "causeway_ingester_missing_records", origin="us") == 0


async def test_a_hole_that_cannot_be_repaired_now_is_passed_and_filled_later(
    make_person: MakePerson, whole: Federation, gauges: Gauges, urls: dict[str, str], as_: As
) -> None:
    """While nobody at the origin answers, what comes above the missing numbers is held and shown to nobody; then all is shown, in order."""
    held = await gauges.read("eu/projector", "causeway_projector_held_total")
    holes = await gauges.read("eu/ingester", "causeway_ingester_holes_total", origin="us")
    loss = Loss(whole, gauges, [await strangers_owned_by(make_person, owner) for owner in ("us", "eu")])
    await loss.lose()
    await whole.act("local", "kill", "us/front", "--stay-down")

    await heal(whole, "eu/mirror")
    await gauges.reach("eu/ingester", "causeway_ingester_missing_records", 1, origin="us")
    await gauges.reach("eu/projector", "causeway_projector_held_total", held + 1)
    assert await gauges.read("eu/ingester", "causeway_ingester_holes_total", origin="us") > holes
    conversation, (_, reader) = loss.conversations[0], loss.pairs[0]
    page = (
        await gauges.http.get(f"{urls['eu']}/messages", params={"conversation_id": conversation}, headers=as_(reader))
    ).json()
    assert [message["text"] for message in page["messages"]] == ["opening"]
    assert reader.texts(conversation) == ["opening"]

    await heal(whole, "us/front")

    await loss.check()
    assert reader.texts(conversation) == ["opening", *(f"lost {number}" for number in range(LOST)), "after"]
    await gauges.falls("eu/ingester", "causeway_ingester_missing_records", origin="us")


async def test_no_device_reads_a_stream(
    make_person: MakePerson, http: httpx.AsyncClient, urls: dict[str, str], as_: As
) -> None:
    """What regions ask each other is not served at a public port: neither at home nor carried by another region's edge."""
    person = await make_person("us")
    asked = {"destination": "eu", "incarnation": "1", "epoch": "1", "partition": "0", "first": "1", "last": "9"}
    for url in urls.values():
        for headers in ({"causeway-region": "eu"}, {"causeway-region": "eu", **as_(person)}):
            answer = await http.get(f"{url}/internal/stream", params=asked, headers=headers)
            assert answer.status_code == 404
            assert answer.json()["code"] == "not-found"
