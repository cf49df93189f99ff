"""Blocks in a real store: one is asked for, and not all."""

import pytest

from infra.postgres import Connection
from region.store.repository.restraints import blocked_by, count_blocks, is_blocked, write_restraints

pytestmark = pytest.mark.integration

ALICE, BOB = "u100000000000000000000001-us", "u200000000000000000000002-us"


async def test_a_block_is_asked_for_by_both(connection: Connection) -> None:
    """It is no block the other way round; and it is gone when it is lifted."""
    await write_restraints(connection, {(ALICE, BOB): True, (ALICE, "x"): True}, {}, now=7)
    assert await is_blocked(connection, ALICE, BOB)
    assert not await is_blocked(connection, BOB, ALICE)
    assert (await count_blocks(connection, ALICE), await count_blocks(connection, BOB)) == (2, 0)
    assert set(await blocked_by(connection, ALICE)) == {BOB, "x"}

    await write_restraints(connection, {(ALICE, BOB): False}, {}, now=8)
    assert not await is_blocked(connection, ALICE, BOB)
    assert await count_blocks(connection, ALICE) == 1
