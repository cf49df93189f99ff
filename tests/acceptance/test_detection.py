"""A region whose every part was killed is taken for down by the others; one that a single region does not reach is not, nor is anybody when the directory was away."""

import asyncio
import json
import time
from typing import Any

from chaos.federation import Federation

PATIENCE = 180.0
QUIET = 14.0
"""Longer than it takes to be taken for down."""


async def taken_for_down(federation: Federation) -> dict[str, dict[str, Any]]:
    """Return which regions are taken for down, as an operator is told."""
    found = json.loads(await federation.act("region", "status", "--json"))["regions"]
    return {one["region"]: one["taken_for_down"] for one in found if one.get("taken_for_down")}


async def until_nobody_is(federation: Federation) -> None:
    """Wait until all are up in each other's eyes, and nothing is proposed."""
    async with asyncio.timeout(PATIENCE):
        while await taken_for_down(federation):  # noqa: ASYNC110 — another process
            await asyncio.sleep(1)


async def test_a_region_that_is_killed_is_taken_for_down_by_both_others_and_is_not_once_it_is_back(
    whole: Federation,
) -> None:
    """Both are named, and for how long; nothing acts by itself, so the duties stay where they are."""
    await until_nobody_is(whole)
    parts = [name for name in whole.status().parts() if name.startswith("us/")]
    await whole.act("local", "kill", *parts, "--stay-down")
    async with asyncio.timeout(PATIENCE):
        while not (found := await taken_for_down(whole)):  # noqa: ASYNC110 — another process
            await asyncio.sleep(0.2)
    assert set(found) == {"us"}
    assert sorted(found["us"]["witnesses"]) == ["ap", "eu"]
    assert found["us"]["holds"]

    await whole.act("local", "heal")
    await until_nobody_is(whole)
    regions = json.loads(await whole.act("region", "status", "--json"))["regions"]
    assert [(one["region"], one["holder"], one["epoch"]) for one in regions] == [(r, r, 1) for r in ("ap", "eu", "us")]


async def test_one_link_that_is_cut_takes_nobody_for_down(whole: Federation) -> None:
    """Only us and eu do not reach each other; ap reaches both, and both reach the directory."""
    await until_nobody_is(whole)
    await whole.act("local", "cut", "us-eu")
    until = time.monotonic() + QUIET
    while time.monotonic() < until:
        assert await taken_for_down(whole) == {}
        await asyncio.sleep(1)


async def test_a_directory_that_was_away_takes_nobody_for_down(whole: Federation) -> None:
    """All leases have lapsed meanwhile, and all reports are old."""
    await until_nobody_is(whole)
    await whole.act("local", "pause", "directory")
    try:
        await asyncio.sleep(QUIET)
    finally:
        await whole.act("local", "resume", "directory")
    until = time.monotonic() + QUIET
    while time.monotonic() < until:
        assert await taken_for_down(whole) == {}
        await asyncio.sleep(0.5)
