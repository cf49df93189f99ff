"""Faults planted into running services: the judge finds each by what clients saw, and nothing else; without one it finds nothing.

`tests/builds/planted.py` has the faults. All runs share a federation of that build, at the same time; each has people of its own.
"""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from chaos.drill.alterings import Step, edited
from chaos.drill.audiences import Audience, Change, Turn
from chaos.drill.census import census
from chaos.drill.course import Course, Progress, Scale
from chaos.drill.gatherings import Deed, Gathering, What
from chaos.drill.hosts import Hosts
from chaos.drill.publishers import Publishers
from chaos.drill.reader import Reader
from chaos.drill.workload import text
from chaos.judge import events as e
from chaos.judge.judgement import CHECKERS, Judgement, judge
from chaos.judge.ledger import Ledger, read
from chaos.judge.sufficiency import Needs
from chaos.judge.verdict import Verdict
from tests.acceptance.conftest import PLAIN, PLANTED, Lent

pytestmark = pytest.mark.timeout(900)
ROUNDS, RATE = 5, 3.0
ARRIVE_SECONDS, REST_SECONDS = 40.0, 2.0
PATIENCE_SECONDS = 180.0
"""How long a device repeats what nobody answers, on a machine that is busy."""
NEEDS = Needs(faults=0, rest=REST_SECONDS / 2)

RED = {
    "dropped_before_the_store": {"lost"},
    "not_relayed": {"lost"},
    "dropped_in_the_relay": {"lost"},
    "sequence_reused": {"lost"},
    "deduplication_off": {"duplicate"},
    "text_of_nobody": {"phantom"},
    "overtaken": {"order"},
    "swapped_in_a_copy": {"order", "digests"},
    "copy_differs": {"phantom", "digests"},
    "edit_differs_in_a_copy": {"alterations", "digests"},
    "number_skipped": {"hole", "lost"},  # whoever is shown nothing above a hole lacks what follows it
    "live_entry_skipped": {"stream", "lost"},  # a device that nobody tells that it lacks something never asks for it
    "live_entry_repeated": {"stream"},
    "mark_lowered": {"marks"},
    "status_lowered": {"marks"},
    "shown_to_a_stranger": {"entitlement"},
    "stranger_admitted": {"entitlement"},
    "removed_member_posts": {"entitlement"},
    "removed_still_shown": {"entitlement"},
    "left_without_an_owner": {"membership"},
    "post_differs_in_a_copy": {"phantom", "digests"},
    "unsubscribed_still_shown": {"entitlement"},
    "kept_elsewhere": {"residency"},
}
GREEN = ("nothing", "appended_twice", "groups", "alterations", "channels")
GROUPS = {"removed_member_posts", "removed_still_shown", "left_without_an_owner", "groups"}
"""Runs with groups: each region owns one, whose guest is removed, posts, and is let in again."""
ALTERED = {"edit_differs_in_a_copy", "alterations"}
"""Runs in which everybody edits and deletes some of their messages in every conversation."""
CHANNELS = {"post_differs_in_a_copy", "unsubscribed_still_shown", "channels"}
"""Runs with channels: each region owns one, whose subscriber leaves, is posted to, and subscribes again."""
RESTING = {"kept_elsewhere", "nothing"}
"""Runs after which each region is asked what its store has."""
ROUNDS_BESIDE_GROUPS, POSTS, CHANGE_SECONDS = 2, 3, 0.5
ENTER_AT_A_TIME = 4
"""So many runs make their accounts at a time, so that a region that has just started answers each as soon as its device can wait."""
ALTERATIONS = 8
"""So many edits and as many deletions must be accepted in a run that has some, which tries three times as many deletions, and six times as many edits."""


@pytest.fixture(scope="module")
def judged(lent: Lent, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    """What the judge says of each run."""
    ledgers = tmp_path_factory.mktemp("ledgers")
    there = lent.of(*PLAIN, **PLANTED).status().regions
    urls = {name: region.public_url for name, region in there.items()}
    admins = {name: [region.parts["front"].ports["admin"]] for name, region in there.items()}

    async def run_all() -> None:
        entering = asyncio.Semaphore(ENTER_AT_A_TIME)
        async with asyncio.TaskGroup() as group:
            for name in (*RED, *GREEN):
                group.create_task(run(name, ledgers / name, urls, admins, entering))

    asyncio.run(run_all())
    return {name: judge(read(ledgers / name), needs(name)) for name in (*RED, *GREEN)}


def needs(name: str) -> Needs:
    """Return what the ledger of that run must have; that of alterations many of them, so that what it says of them is worth something."""
    expects = frozenset({"residency"} if name in RESTING else ())
    return replace(NEEDS, altered=ALTERATIONS if name in ALTERED else 0, expects=expects)


def asked(name: str) -> set[str]:
    """Return the checkers that rule on that run."""
    return {*CHECKERS, *needs(name).expects}


async def run(
    name: str, path: Path, urls: dict[str, str], admins: dict[str, list[int]], entering: asyncio.Semaphore
) -> None:
    """Let four people write to each other; note everything."""
    changes = CHANGE_SECONDS if name in GROUPS else 0.0
    channels = CHANGE_SECONDS if name in CHANNELS else 0.0
    scale = Scale(
        f"planted {name}", 2, rate=RATE, seed=1, arrive=ARRIVE_SECONDS, rest=REST_SECONDS, changes=changes,
        channels=channels, alters=name in ALTERED, patience=PATIENCE_SECONDS,
    )  # fmt: skip
    with Ledger(path, seed=1, about=name, fifo=True) as ledger:
        course = Course(scale, ledger, Progress(), urls)
        async with AsyncExitStack() as stack:
            async with entering:
                await course.gather(stack)
            await course.greet()
            await course.write(course.clock(), rounds=ROUNDS_BESIDE_GROUPS if name in GROUPS | CHANNELS else ROUNDS)
            if name in ALTERED:
                await alter(course, scale.name)
            for gathering in course.hosts.found if course.hosts is not None else ():
                assert course.hosts is not None
                await show_out(course, course.hosts, gathering, scale.name)
            for audience in course.publishers.found if course.publishers is not None else ():
                assert course.publishers is not None
                await let_go(course, course.publishers, audience, scale.name)
            await course.settle()
            reader = Reader(ledger, urls)
            await reader.read_all(course.devices, course.talks)
            if name in RESTING:
                await census(ledger, admins, reader.samples)


async def alter(course: Course, name: str) -> None:
    """Let everybody edit, delete, and edit and then delete a message in each of their conversations."""
    number = 10_000
    for conversation, (one, other) in course.talks.items():
        for sender, recipient in (
            (course.devices[one], course.devices[other]),
            (course.devices[other], course.devices[one]),
        ):
            for steps in ((Step.EDIT,), (Step.EDIT, Step.EDIT), (Step.DELETE,), (Step.EDIT, Step.DELETE)):
                number += 1
                words = text(name, number)
                handle = await sender.send(words, recipient, conversation)
                sender.alter_soon(handle, words, steps, partial(edited, name, number))
    with contextlib.suppress(TimeoutError):  # what was not altered by then leaves the judge in doubt
        async with asyncio.timeout(ARRIVE_SECONDS):
            await asyncio.gather(*(device.altered() for device in course.devices))


async def show_out(course: Course, hosts: Hosts, gathering: Gathering, name: str) -> None:
    """Remove a group's guest, let the guest and the staff post, let the guest in again; last, its last owner wants to step down."""
    group, guest = hosts.ids[gathering.number], gathering.guests[0]
    staff = [course.devices[seat] for seat in gathering.staff]
    roles = {member.user_id: member.role for member in await staff[0].client.groups.members(group)}
    owner = next(device for device in staff if roles[device.user] == "owner")
    number = 10_000 * (1 + gathering.number)
    if course.devices[guest].user not in roles:
        await hosts.do(Deed(0, 0.0, What.ADD, gathering.number, owner.seat.number, guest))
    await hosts.do(Deed(0, 0.0, What.REMOVE, gathering.number, owner.seat.number, guest))
    removed_at = staff[0].seq(group)
    for _ in range(POSTS):
        for device in (course.devices[guest], *staff):
            number += 1
            await device.post(text(name, number), group, staff)
    with contextlib.suppress(TimeoutError):  # what does not come is for the judge
        async with asyncio.timeout(ARRIVE_SECONDS):
            while owner.seq(group) < removed_at + POSTS * len(staff):  # noqa: ASYNC110  # screens have no events
                await asyncio.sleep(0.1)
    await hosts.do(Deed(0, 0.0, What.ADD, gathering.number, owner.seat.number, guest))
    await owner.do(
        e.Change("role_changed", (owner.user,), "member"),
        group,
        lambda named: owner.client.groups.give_role(group, owner.user, "member", deed=named),
    )
    with contextlib.suppress(TimeoutError):  # what does not come is for the judge, who holds nothing late against it
        async with asyncio.timeout(ARRIVE_SECONDS):
            while course.devices[guest].seq(group) < owner.seq(group):  # noqa: ASYNC110  # screens have no events
                await asyncio.sleep(0.1)


async def let_go(course: Course, publishers: Publishers, audience: Audience, name: str) -> None:
    """Let a channel's subscriber leave, the staff post, and the subscriber come back."""
    await publishers.finish()
    channel, subscriber = publishers.ids[audience.number], audience.subscribers[0]
    staff = [course.devices[seat] for seat in audience.staff]
    for turn in (Turn.JOIN, Turn.LEAVE):  # one who is subscribed already is refused the first
        await publishers.do(Change(0.0, turn, audience.number, subscriber))
    number, left_at = 10_000 * (1 + audience.number), staff[0].seq(channel)
    for _ in range(POSTS):
        for device in staff:
            number += 1
            await device.post(text(name, number), channel, staff)
    with contextlib.suppress(TimeoutError):  # what does not come is for the judge
        async with asyncio.timeout(ARRIVE_SECONDS):
            while staff[0].seq(channel) < left_at + POSTS * len(staff):  # noqa: ASYNC110  # screens have no events
                await asyncio.sleep(0.1)
    await publishers.do(Change(0.0, Turn.JOIN, audience.number, subscriber))


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("name", RED)
def test_a_planted_fault_is_red(judged: dict[str, Judgement], name: str) -> None:
    """The checkers that are for it rule false; all others say true, so it is known what was wrong."""
    judgement = judged[name]

    assert judgement.named(Verdict.FALSE) == RED[name], judgement
    assert judgement.named(Verdict.TRUE) == asked(name) - RED[name], judgement


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("name", GREEN)
def test_nothing_planted_is_green(judged: dict[str, Judgement], name: str) -> None:
    """Neither a run without a fault nor one whose appends are all repeated, beside those with faults."""
    assert judged[name].named(Verdict.TRUE) == asked(name), judged[name]


def test_every_checker_is_proven() -> None:
    """By a fault in a running system, not only by one in a ledger."""
    assert set().union(*RED.values()) == {*CHECKERS, "residency"}
