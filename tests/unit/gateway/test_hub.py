"""Dispatching outputs: encoded once, to those concerned, and to whoever waits."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import cast

import msgspec
import pytest
from msgspec.structs import replace

from infra.errors import OutcomeUnknownError
from infra.postgres import Pool
from region.gateway import hub as hub_module
from region.gateway import outcomes as waiting
from region.gateway.channels.follower import Follower, Read
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.journal import Journal
from region.gateway.outcomes import Decided, Decision, InFlight, Outcomes, Sent
from region.gateway.session import Phase, Session, Snapshot
from region.gateway.views import Marks
from replication.accounts import DeviceRevoked
from replication.codec import encode_record
from replication.groups import MemberJoined
from replication.ids import channel_id, direct_conversation_id, message_id
from replication.outputs import Output
from replication.records import Entry, Mark, MessageSent, Outcome, Record, Refusal, Submission

ADA, BOB = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-us"
CONVERSATION = direct_conversation_id(ADA, BOB)
HERE = "us/front"


class OpenJournal:
    """A journal that acknowledges at once, or never."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    async def send(self, submission: Submission) -> "asyncio.Future[int]":
        """Take a submission."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if self.fails:
            future.set_exception(OSError("gone"))
        else:
            future.set_result(0)
        return future


@dataclass(eq=False)
class FakeDevice:
    """A device that keeps what it is told."""

    session: Session
    told: list[str] = field(default_factory=list)
    revoked: str | None = None

    def push(self, text: str) -> None:
        """Keep a frame."""
        self.told.append(text)

    def offer(self, text: str) -> bool:
        """Keep a frame that can be done without."""
        self.push(text)
        return True

    def catch_up(self) -> None:
        """Note that it would look into the store."""
        self.session.restore()

    def revoke(self, why: str) -> None:
        """Note that it is logged out."""
        self.revoked = why

    @property
    def frames(self) -> list[dict[str, object]]:
        """What it was told, decoded."""
        return [cast("dict[str, object]", json.loads(text)) for text in self.told]


def device(hub: Hub, user: str, name: str = "v1") -> FakeDevice:
    """A device that has caught up, at position 10."""
    session = Session(user_id=user, device_id=name, region="us")
    session.receive('{"type":"hello"}')
    session.snapshot(Snapshot({0: 10}, 1, [], []), reliable=True)
    found = FakeDevice(session)
    hub.join(found)
    return found


@dataclass
class Scene:
    """A hub and who is around."""

    outcomes: Outcomes
    in_flight: InFlight
    hub: Hub
    forgotten: list[tuple[str, str]]
    repeated: list[Entry]


@pytest.fixture
def scene() -> Scene:
    """A hub that is told of outputs."""
    forgotten: list[tuple[str, str]] = []
    repeated: list[Entry] = []
    found, in_flight = Outcomes(cast("Journal", OpenJournal())), InFlight()
    hub = Hub(
        region="us",
        instance=HERE,
        outcomes=found,
        in_flight=in_flight,
        revoked=lambda user, name: forgotten.append((user, name)),
        repeated=repeated.append,
    )
    hub.restore()
    return Scene(found, in_flight, hub, forgotten, repeated)


def entry(text: str = "hi", seq: int = 1) -> Entry:
    """Ada's message to Bob."""
    return Entry(
        conversation_id=CONVERSATION,
        seq=seq,
        epoch=1,
        incarnation=1,
        count=seq,
        message_id=message_id(ADA, CONVERSATION, f"c{seq}"),
        author=ADA,
        home="us",
        content_hash=b"",
        body=MessageSent(BOB, f"c{seq}", text),
        sent_at=0,
    )


def output(record: Record, position: int = 11, users: tuple[str, ...] = (ADA, BOB), *, mine: bool = False) -> Output:
    """An output of the projector."""
    return Output(position, encode_record(record), users, HERE if mine else "")


def test_devices_of_both_are_told_with_the_very_same_text(scene: Scene) -> None:
    """One text for the recipient's devices, one for the sender's, which has the client message id."""
    mine, theirs, also = device(scene.hub, ADA), device(scene.hub, BOB), device(scene.hub, BOB, "v2")

    scene.hub.dispatch(0, output(entry()))

    assert theirs.told[0] is also.told[0]
    assert "client_message_id" not in cast("dict[str, object]", theirs.frames[0]["message"])
    assert cast("dict[str, object]", mine.frames[0]["message"])["client_message_id"] == "c1"
    assert scene.hub.take_told() == {mine, theirs, also}
    assert scene.hub.take_told() == set()


def test_who_is_not_concerned_is_not_told(scene: Scene) -> None:
    """And nobody is told what a snapshot had."""
    theirs = device(scene.hub, BOB)

    scene.hub.dispatch(0, output(entry(), users=(ADA,)))
    scene.hub.dispatch(0, output(entry(), position=10))

    assert theirs.told == []


def test_marks_and_refusals_are_told(scene: Scene) -> None:
    """Marks to both, refusals to their author."""
    mine, theirs = device(scene.hub, ADA), device(scene.hub, BOB)
    mark = Mark(conversation_id=CONVERSATION, user_id=BOB, received=4, read=3, epoch=1)
    refusal = Refusal(
        message_id="m", conversation_id=CONVERSATION, author=ADA, code="x", detail="y", content_hash=b"", epoch=1
    )

    scene.hub.dispatch(0, output(mark))
    scene.hub.dispatch(0, output(refusal, position=12, users=(ADA,)))

    assert [frame["type"] for frame in mine.frames] == ["marks", "refused"]
    assert [frame["type"] for frame in theirs.frames] == ["marks"]


def test_a_revoked_device_is_closed_and_forgotten(scene: Scene) -> None:
    """And only that one."""
    one, other = device(scene.hub, ADA), device(scene.hub, ADA, "v2")
    revoked = Submission(
        id="s", author=ADA, home="us", home_epoch=1, body=DeviceRevoked("v1", "why"), submitted_at=0, device="v2"
    )

    scene.hub.dispatch(0, output(revoked, users=(ADA,)))

    assert (one.revoked, other.revoked) == ("why", None)
    assert scene.forgotten == [(ADA, "v1")]


def test_a_send_that_contradicts_an_earlier_one_is_refused(scene: Scene) -> None:
    """Though late answers to the earlier one, sent by a device and over HTTP, come by before."""
    mine = device(scene.hub, ADA)
    for content_hash in (entry().content_hash, b"other content"):
        scene.in_flight.add(entry().message_id, content_hash, Sent(ADA, "c1", CONVERSATION))

    scene.hub.dispatch(0, output(entry(), mine=True))
    scene.hub.dispatch(0, output(entry(), position=12, users=(), mine=True))
    conflict = Outcome(id=entry().message_id, code="content-conflict", detail="No.", content_hash=b"other content")
    scene.hub.dispatch(0, output(conflict, position=13, users=(), mine=True))

    assert [frame["type"] for frame in mine.frames] == ["entry", "refused"]
    assert mine.frames[1]["client_message_id"] == "c1"


def test_a_repeated_send_is_answered_with_the_marks_of_now(scene: Scene) -> None:
    """Its entry waits for a look into the store: it may have been read since."""
    mine, theirs = device(scene.hub, ADA), device(scene.hub, BOB)
    scene.in_flight.add(entry().message_id, entry().content_hash, Sent(ADA, "c1", CONVERSATION))

    scene.hub.dispatch(0, output(entry(), users=(), mine=True))
    assert (mine.told, scene.repeated) == ([], [entry()])
    scene.hub.answer(entry(), {BOB: Marks(received=1, read=1)})

    assert [cast("dict[str, object]", frame["message"])["status"] for frame in mine.frames] == ["read"]
    assert theirs.told == []


def test_what_nobody_waits_for_any_more_is_answered_like_a_repeated_send(scene: Scene) -> None:
    """A region that was lost hands in what it had accepted, and the one that took over has numbered by now, since its author sent it again: told as it comes, the stream would go back."""
    mine, theirs = device(scene.hub, ADA), device(scene.hub, BOB)
    handed_in = Output(11, encode_record(entry()), (ADA,), known=True)

    scene.hub.dispatch(0, handed_in)

    assert (mine.told, theirs.told, scene.repeated) == ([], [], [entry()])


def test_a_repeated_send_is_answered_after_what_a_device_lacks(scene: Scene) -> None:
    """Told at once, its entry would stand before earlier ones of its conversation."""
    live, behind = device(scene.hub, ADA, "v1"), device(scene.hub, ADA, "v2")
    behind.session.interrupt({0: 10})

    scene.hub.answer(entry(seq=3), {})

    assert (len(live.told), behind.told) == (1, [])
    behind.session.restore()
    assert behind.session.snapshot(Snapshot({0: 12}, 1, ["1", "2"], []), reliable=True)[:2] == ["1", "2"]


def test_a_refusal_is_told_while_outputs_are_missed(scene: Scene) -> None:
    """The refusal is older than what the store will be read for: nothing else would bring it."""
    mine = device(scene.hub, ADA)
    refusal = Refusal(
        message_id="m", conversation_id=CONVERSATION, author=ADA, code="x", detail="y", content_hash=b"", epoch=1
    )
    scene.in_flight.add("m", b"", Sent(ADA, "c1", CONVERSATION))
    mine.session.interrupt({0: 10})

    scene.hub.dispatch(0, output(refusal, users=(), mine=True))

    assert [frame["type"] for frame in mine.frames] == ["refused"]


def test_an_unreadable_output_is_passed_over(scene: Scene) -> None:
    """Others are told all the same."""
    mine = device(scene.hub, ADA)

    scene.hub.dispatch(0, Output(11, msgspec.Raw(b"\x93"), (ADA,)))
    scene.hub.dispatch(0, output(entry(), position=12))

    assert len(mine.told) == 1


def test_an_output_that_nobody_can_be_told_ends_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with what another region made: those concerned look into the store, and others are told all the same."""
    mine = device(scene.hub, ADA)

    def fails(*_: object, **__: object) -> None:
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr(hub_module, "entry_view", fails)
        assert not scene.hub.dispatch(0, output(entry()))
    assert scene.hub.dispatch(0, output(entry(), position=12))

    assert len(mine.told) == 1


async def nothing() -> Decision | None:
    """The store does not know."""
    return None


def submission(author: str = ADA) -> Submission:
    """A message that waits for its outcome."""
    return Submission(
        id=entry().message_id,
        author=author,
        home="us",
        home_epoch=1,
        body=MessageSent(BOB, "c1", "hi"),
        submitted_at=0,
        conversation_id=CONVERSATION,
        reply_to=HERE,
    )


async def test_a_waiting_request_is_answered_by_the_output(scene: Scene) -> None:
    """And so is every other one for the same message."""
    waits = [asyncio.ensure_future(scene.outcomes.submit(submission(), nothing)) for _ in range(2)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    scene.hub.dispatch(0, output(entry(), mine=True))

    assert await asyncio.gather(*waits) == [Decided(entry(), known=False)] * 2


async def test_a_conflict_answers_those_who_sent_that_content(scene: Scene) -> None:
    """Whoever sent what was stored is not told of it, nor of the entry whoever sent the other; and more conflicts than requests may come."""
    stored, other = (
        asyncio.ensure_future(scene.outcomes.submit(replace(submission(), content_hash=content), nothing))
        for content in (b"stored", b"other")
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    conflict = Outcome(id=entry().message_id, code="content-conflict", content_hash=b"other")
    numbered = replace(entry(), content_hash=b"stored")
    assert not other.done()

    for _ in range(3):
        scene.hub.dispatch(0, output(conflict, users=(), mine=True))

    assert (await other).decision == conflict
    assert not stored.done()
    scene.hub.dispatch(0, output(numbered, mine=True))
    assert (await stored).decision == numbered


async def test_the_store_is_asked_when_no_output_comes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moment."""
    monkeypatch.setattr(waiting, "FIRST_LOOK", 0.01)

    async def found() -> Decision | None:
        return entry()

    assert (await scene.outcomes.submit(submission(), found)).decision == entry()


async def test_in_the_end_the_outcome_is_unknown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the message id, so that the sender can ask again."""
    for name in ("FIRST_LOOK", "DEADLINE"):
        monkeypatch.setattr(waiting, name, 0.02)

    with pytest.raises(OutcomeUnknownError) as caught:
        await scene.outcomes.submit(submission(), nothing)

    assert caught.value.details["message_id"] == entry().message_id


async def test_a_failed_append_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Kafka did not acknowledge is unknown as soon as the store does not know it."""
    monkeypatch.setattr(waiting, "FIRST_LOOK", 0.01)
    outcomes = Outcomes(cast("Journal", OpenJournal(fails=True)))

    with pytest.raises(OutcomeUnknownError):
        await outcomes.submit(submission(), nothing)


class Interests:
    """What is wanted at once."""

    def __init__(self) -> None:
        self.wanted: list[str] = []

    def want(self, names: tuple[str, ...]) -> None:
        """Take in what is wanted."""
        self.wanted += names

    def withdraw(self, name: str) -> None:
        """Take in what is not."""
        self.wanted.remove(name)


def test_who_subscribes_is_told_each_entry_once(scene: Scene) -> None:
    """What comes before the channel is registered and the store was read waits, in this conversation and in others; it may be in the store as well."""
    news, interests = channel_id(ADA, "news"), Interests()
    Follower(
        store=cast("Pool", None), hub=scene.hub, interest=cast("Interest", interests),
        read=cast("Read", None), covered=lambda: {0: 10},
    )  # fmt: skip
    his = device(scene.hub, BOB)
    scene.hub.following.begin(BOB, [])
    joined = replace(entry(), conversation_id=news, author=BOB, body=MemberJoined("j1"))

    scene.hub.dispatch(0, output(joined, 11, (BOB,)))
    scene.hub.dispatch(0, output(entry(), 12))

    assert [cast("dict[str, object]", frame["message"])["kind"] for frame in his.frames] == ["member_joined"]
    assert interests.wanted == [news]
    assert his.session.phase is Phase.CATCHING_UP
    assert his.session.told == {0: 11}
    read = his.session.snapshot(Snapshot({0: 12}, 1, ["what was missed"], []), reliable=True)
    assert [text for text in read if '"resume"' not in text] == ["what was missed"]
