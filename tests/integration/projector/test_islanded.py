"""A projector whose region's lease lapses, on a real journal and store, by a clock that the test moves."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import REGISTRY

from global_directory.holding.schemas import Grant, LeaseRequest
from region.holding.errors import ISLANDED
from region.holding.renewal import Renewer
from region.holding.tenure import Tenure
from region.projector.rehearsal import deed, message, submission
from replication import groups as g
from replication.accounts import AccountCreated, UserBlocked
from replication.holding.deciding import Standing
from replication.ids import group_id, new_user_id
from replication.records import Outcome

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
LENGTH = 6_000_000
CREATED = AccountCreated("Zoe", "Zoe", "hash", "token")


@dataclass
class Clock:
    """A clock that the test moves."""

    now: int = 1_000_000

    def __call__(self) -> int:
        """Return microseconds."""
        return self.now


async def answered(region: Any, count: int, until: Until) -> list[str]:
    """Return the codes with which gateways were answered, once there are so many; an account's answer is an outcome."""

    async def there() -> bool:
        return len([one for one in await region.records() if isinstance(one, Outcome)]) >= count

    await until("it is answered", there)
    return [one.code for one in await region.records() if isinstance(one, Outcome)]


async def test_a_projector_lets_nobody_in_without_the_lease_and_goes_on(region: Any, until: Until) -> None:
    """Refused for good and kept; messages and blocks are applied; the same process lets in again once the lease runs."""
    clock = Clock()
    tenure = Tenure("us", "eu", clock=clock, boot=1)
    alice, bob, zoe = await region.user(), await region.user(), new_user_id("us")
    group = group_id(alice, "begin")
    region.start(tenure=tenure)

    async def numbered(count: int) -> None:
        async def there() -> bool:
            return bool(await region.execute("SELECT count(*) FROM entries") == [(count,)])

        await until(f"{count} entries are numbered", there)

    async def begun() -> bool:
        return tenure.epoch == 1

    await until("the store has told the epoch", begun)
    tenure.take(tenure.ask(), LENGTH)
    await region.append(deed(alice, group, g.GroupCreated("begin", "Travellers")))
    await numbered(1)

    clock.now += LENGTH
    await region.append(submission(zoe, CREATED, reply_to="gateway"))
    await region.append(submission(alice, UserBlocked(bob), reply_to="gateway"))
    await region.append(deed(alice, group, g.MemberAdded("add", bob, "us")))
    await region.append(message(bob, alice, "on the island"))
    await numbered(2)

    async def refused() -> bool:
        return bool(await region.execute("SELECT code FROM refusals") == [(ISLANDED,)])

    await until("the addition is refused", refused)
    assert sorted(await answered(region, 2, until)) == ["", ISLANDED]
    assert await region.execute("SELECT 1 FROM users WHERE user_id = %s", zoe) == []
    assert await region.execute("SELECT blocked FROM blocks WHERE blocker = %s", alice) == [(bob,)]

    tenure.take(tenure.ask(), LENGTH)
    await region.append(submission(zoe, CREATED, reply_to="gateway"))
    await region.append(deed(alice, group, g.MemberAdded("add", bob, "us")))  # a late repetition of what was refused
    await region.append(deed(alice, group, g.MemberJoined("nothing", "token")))
    await region.append(deed(alice, group, g.MemberAdded("again", bob, "us")))
    await numbered(3)
    assert sorted(await answered(region, 3, until)) == ["", "", ISLANDED]


class Told(Tenure):
    """A tenure that stands as the test says, one time after the other."""

    def __init__(self, *standings: Standing) -> None:
        """Say how; the last one stays."""
        super().__init__("us", "eu", clock=lambda: 0, boot=1)
        self._standings = list(standings)

    def standing(self) -> Standing:
        """Return the next."""
        return self._standings.pop(0) if len(self._standings) > 1 else self._standings[0]


async def test_what_lapses_before_the_commit_is_judged_anew(region: Any, until: Until) -> None:
    """It held when the batch was begun, and not any more when it was to be written: nothing of it is."""
    region.start(tenure=Told(Standing.HOLDING, Standing.ISLANDED))

    await region.append(submission(new_user_id("us"), CREATED, reply_to="gateway"))

    assert await answered(region, 1, until) == [ISLANDED]
    assert await region.execute("SELECT 1 FROM users") == []


async def test_what_lapses_during_the_commit_is_noted(region: Any, until: Until) -> None:
    """It stands; the gateway, which looks at the lease after that, tells nobody that it is done."""
    before = REGISTRY.get_sample_value("causeway_projector_lapsed_total") or 0.0
    region.start(tenure=Told(Standing.HOLDING, Standing.HOLDING, Standing.ISLANDED))

    await region.append(submission(new_user_id("us"), CREATED, reply_to="gateway"))

    assert await answered(region, 1, until) == [""]

    async def noted() -> bool:
        return REGISTRY.get_sample_value("causeway_projector_lapsed_total") == before + 1

    await until("it is noted", noted)


async def test_a_deposed_projector_decides_nothing(region: Any, until: Until) -> None:
    """Not even messages: whoever holds the newer epoch numbers them. It says so, and what to look at."""
    tenure = Tenure("us", "eu", clock=lambda: 0, boot=1)
    tenure.hear(2)
    alice, bob = await region.user(), await region.user()
    health = region.start(tenure=tenure)
    await region.append(message(alice, bob, "too late"))

    async def told() -> bool:
        condition = health.conditions.get("store")
        return condition is not None and "Epoch 1 of us is over" in condition.detail

    await until("its health says so", told)
    assert await region.execute("SELECT 1 FROM entries") == []


class Lessor:
    """A directory that grants, as soon as it may."""

    def __init__(self) -> None:
        """Say nothing yet."""
        self.answers = asyncio.Event()

    async def renew_lease(self, _: str, wanted: LeaseRequest) -> Grant:
        """Grant."""
        await self.answers.wait()
        return Grant(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at, LENGTH)


async def test_who_was_only_just_started_or_was_asleep_asks_before_it_refuses(region: Any, until: Until) -> None:
    """What waited for it is let in: a refusal would be for good. While nobody answers it does not wait again and again."""
    clock, lessor = Clock(), Lessor()
    lessor.answers.set()
    tenure = Tenure("us", "eu", clock=clock, boot=1)
    await region.append(submission(new_user_id("us"), CREATED, reply_to="gateway"))
    region.start(tenure=tenure, renewer=Renewer("test", tenure, lessor))
    assert await answered(region, 1, until) == [""]

    clock.now += 10 * LENGTH
    await region.append(submission(new_user_id("us"), CREATED, reply_to="gateway"))
    assert await answered(region, 2, until) == ["", ""]

    lessor.answers.clear()
    clock.now += 10 * LENGTH
    await region.append(submission(new_user_id("us"), CREATED, reply_to="gateway"))
    assert sorted(await answered(region, 3, until)) == ["", "", ISLANDED]
