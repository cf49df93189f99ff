"""What a gateway says of what was decided in its region, by how the lease stands when it answers."""

from dataclasses import dataclass
from typing import Any, cast

import psycopg
import pytest
from msgspec import UNSET

from infra.errors import OutcomeUnknownError
from region.gateway.acknowledging import Acknowledging
from region.gateway.messages import Messages
from region.gateway.outcomes import Decided, Look
from region.holding.tenure import Tenure
from region.projector.rehearsal import deed
from replication import groups as g
from replication.ids import group_id
from replication.records import Entry, LogBody, Submission

ALICE, BOB, EVA = "u" + "a" * 24 + "-us", "u" + "b" * 24 + "-us", "u" + "c" * 24 + "-eu"
LENGTH = 6_000_000


@dataclass
class Region:
    """What a gateway stands on: a store that is away, a projector that numbers everything, and a clock.

    Attributes:
        now: The clock.
        asleep: What passes meanwhile.
        epoch: In which the projector decides.
        ruled: What the projector makes of it; what was wanted if it is not given.
    """

    now: int = 0
    asleep: int = 0
    epoch: int = 1
    ruled: LogBody | None = None

    def connection(self) -> object:
        """Be away."""
        raise psycopg.OperationalError

    async def submit(self, submission: Submission, _: Look) -> Decided:
        """Number it."""
        self.now += self.asleep
        entry = Entry(
            conversation_id=submission.conversation_id, seq=1, epoch=self.epoch, incarnation=1, count=0, message_id=submission.id,
            author=submission.author, home=submission.home, content_hash=submission.content_hash,
            body=self.ruled or cast("LogBody", submission.body), sent_at=submission.submitted_at,
        )  # fmt: skip
        return Decided(entry, known=False)


def messages(region: Region) -> Messages:
    """A gateway of a region by which eu stands, with a lease from now on."""
    tenure = Tenure("us", "eu", clock=lambda: region.now, boot=1)
    tenure.begin(1, 1)
    tenure.take(tenure.ask(), LENGTH)
    unused: Any = None
    return Messages(
        store=cast("Any", region),
        recipients=unused,
        clerk=unused,
        outcomes=cast("Any", region),
        marks=unused,
        pages=unused,
        composer=unused,
        tenure=tenure,
        acknowledging=Acknowledging(),
    )


LETS_IN = g.MemberAdded("add", BOB, "us")
KEEPS_OUT = g.MemberRemoved("out", BOB)
SAYS = g.GroupMessageSent("say", "hello")


@pytest.mark.parametrize("body", [LETS_IN, KEEPS_OUT, SAYS])
async def test_under_the_lease_it_is_done(body: LogBody) -> None:
    """Before the commit and after: who holds a lease when it is answered has held it then."""
    sent = await messages(Region()).submit(deed(ALICE, group_id(ALICE, "g"), body), "c")

    assert sent.created
    assert sent.message.unconfirmed is UNSET


async def test_what_let_somebody_in_while_it_lapsed_is_unknown() -> None:
    """It may be done; the same again, later, tells."""
    wanted = deed(ALICE, group_id(ALICE, "g"), LETS_IN)
    with pytest.raises(OutcomeUnknownError) as unknown:
        await messages(Region(asleep=LENGTH)).submit(wanted, "add")

    assert unknown.value.details["message_id"] == wanted.id


async def test_what_kept_somebody_out_is_unconfirmed_and_a_message_is_a_message() -> None:
    """It works here at once."""
    removed = await messages(Region(asleep=LENGTH)).submit(deed(ALICE, group_id(ALICE, "g"), KEEPS_OUT), "out")
    said = await messages(Region(asleep=LENGTH)).submit(deed(ALICE, group_id(ALICE, "g"), SAYS), "say")

    assert removed.message.unconfirmed is True
    assert said.message.unconfirmed is UNSET


async def test_what_another_region_decided_is_its_to_say() -> None:
    """The lease of this one says nothing of it."""
    for body in (LETS_IN, KEEPS_OUT):
        sent = await messages(Region(asleep=LENGTH)).submit(deed(ALICE, group_id(EVA, "g"), body), "c")
        assert sent.message.unconfirmed is UNSET


async def test_who_only_asks_to_be_let_in_is_answered() -> None:
    """That is what was decided, whatever was wanted: it is as free as a message, and would be unknown for as long as the island lasts."""
    asks = Region(asleep=LENGTH, ruled=g.JoinAsked("join", "i"))
    sent = await messages(asks).submit(deed(ALICE, group_id(ALICE, "g"), g.MemberJoined("join", "token")), "join")

    assert sent.message.unconfirmed is UNSET


@pytest.mark.parametrize("role", ["admin", "owner"])
async def test_a_promotion_while_it_lapsed_is_unknown(role: g.Role) -> None:
    """A gateway cannot tell it from a demotion to that role, which is then unknown as well."""
    with pytest.raises(OutcomeUnknownError):
        await messages(Region(asleep=LENGTH)).submit(
            deed(ALICE, group_id(ALICE, "g"), g.RoleChanged("up", BOB, role)), "up"
        )
    down = deed(ALICE, group_id(ALICE, "g"), g.RoleChanged("down", BOB, "member"))
    assert (await messages(Region(asleep=LENGTH)).submit(down, "down")).message.unconfirmed is True


async def test_a_lease_says_nothing_of_what_another_epoch_decided() -> None:
    """Neither of one that is over, nor of one that this process has not heard of."""
    for epoch in (0, 2):
        with pytest.raises(OutcomeUnknownError):
            await messages(Region(epoch=epoch)).submit(deed(ALICE, group_id(ALICE, "g"), LETS_IN), "add")
        removed = await messages(Region(epoch=epoch)).submit(deed(ALICE, group_id(ALICE, "g"), KEEPS_OUT), "out")
        assert removed.message.unconfirmed is True
