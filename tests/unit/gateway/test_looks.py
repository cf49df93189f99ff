"""How often a request that waits for its outcome asks the store."""

import asyncio
from typing import Any, cast

import pytest

from infra.errors import OutcomeUnknownError
from region.gateway import outcomes
from region.gateway.journal import SEVERAL_STALLED_SECONDS
from region.gateway.outcomes import Decision, Outcomes
from region.projector.rehearsal import submission
from relay.edge.app import BRIDGED_SECONDS
from replication.accounts import AccountConfirmed


class Journal:
    """One that takes everything."""

    async def send(self, _: object) -> "asyncio.Future[int]":
        """Take it."""
        return asyncio.get_running_loop().create_future()


async def test_it_asks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steadily until time is up: with pauses that double it would ask three times."""
    monkeypatch.setattr(outcomes, "FIRST_LOOK", 0.1)
    monkeypatch.setattr(outcomes, "DEADLINE", 0.7)
    looks = 0

    async def look() -> Decision | None:
        nonlocal looks
        looks += 1
        return None

    with pytest.raises(OutcomeUnknownError):
        await Outcomes(cast("Any", Journal())).submit(submission("u" + "a" * 24 + "-us", AccountConfirmed("t")), look)

    assert looks >= 5


def test_a_request_outlasts_a_lost_broker_of_several() -> None:
    """As long as the journal is not said to be away for one broker, requests are not told that nobody knows; and the edge waits longer than they do."""
    assert SEVERAL_STALLED_SECONDS < outcomes.DEADLINE < BRIDGED_SECONDS
