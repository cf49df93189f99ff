"""A store that refuses a message for what stands in it: the message is put aside, and nobody is told what it says."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chaos.leaks import Place, search
from region.projector.rehearsal import message
from replication.poison.records import Kind

pytestmark = pytest.mark.integration

Until = Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[None]]
MARKED = "marked-c0ffee-text"


async def test_what_the_store_says_of_a_row_reaches_neither_logs_nor_health_nor_the_shelf(
    region: Any, until: Until, capsys: pytest.CaptureFixture[str]
) -> None:
    """A planted constraint: PostgreSQL answers with the whole row, and with the line of the COPY."""
    alice, bob = await region.user(), await region.user()
    health = region.start()

    async def prepared() -> bool:
        return bool(health.ok)

    await until("the projector is well", prepared)
    await region.execute("ALTER TABLE entries ADD CONSTRAINT planted CHECK (text NOT LIKE 'marked%%')")
    await region.append(message(alice, bob, MARKED))
    told: dict[str, str] = {}

    async def aside() -> bool:
        told.update({name: condition.detail for name, condition in health.conditions.items() if condition.detail})
        return bool(await region.execute("SELECT 1 FROM aside"))

    await until("it is aside", aside)
    [(kind, reason)] = await region.execute("SELECT kind, reason FROM aside")

    assert (kind, "CheckViolation (23514)" in reason, "planted" in reason) == (Kind.IMPOSSIBLE.value, True, True)
    written = capsys.readouterr()
    assert "poison" in written.out + written.err
    places = [
        Place("log", "all", (written.out + written.err).encode()),
        Place("answer", "health", str(told).encode()),
        Place("answer", "shelf", reason.encode()),
    ]
    assert search({"the text": MARKED}, places) == []
