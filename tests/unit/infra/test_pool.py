"""How soon a pool of connections is back."""

from collections.abc import Callable
from typing import Any, cast

from psycopg_pool.pool_async import AddConnection, ShrinkPool

from infra import postgres
from infra.postgres import make_pool


class Delays:
    """A scheduler that notes for when it is asked, and does nothing."""

    def __init__(self) -> None:
        self.noted: list[float] = []

    async def enter(self, delay: float, _action: Callable[[], object] | None) -> None:
        """Note a delay."""
        self.noted.append(delay)


async def test_a_store_that_was_away_for_long_is_asked_as_often_as_one_that_only_just_went() -> None:
    """The library's pauses have no limit of their own; other work of the pool keeps its time."""
    pool = make_pool("postgresql://127.0.0.1:1/none", size=3, name="test")
    delays = Delays()
    pool._sched = cast("Any", delays)  # noqa: SLF001 — what it schedules is the point

    await pool.schedule_task(AddConnection(pool, None), 64.0)
    await pool.schedule_task(AddConnection(pool, None), 0.1)
    await pool.schedule_task(ShrinkPool(pool), 600.0)

    assert delays.noted == [postgres.RECONNECT_SECONDS, 0.1, 600.0]
