"""What must be so before a region is declared dead, and what will be late if it is; changes nothing, and does not ask the region, which may be gone."""

import time
from collections.abc import Collection
from datetime import UTC, datetime
from functools import partial

from global_directory.holding.schemas import DutyView
from infra.schema.repository import connect
from region.evacuation.checks import Check, attempt, residency, services, topics, trust
from region.evacuation.seats import Seat
from region.standby.judging import Held
from region.standby.repository import copying, kept
from replication.turns.records import Phase
from replication.turns.repository import read_turn


async def look(home: Seat, target: Seat, duties: Collection[DutyView], expelled: Collection[str]) -> list[Check]:
    """Return all checks; the last ones say what will be late.

    Args:
        home: Where the duties are, or were.
        target: Who is to take them over.
        duties: What the directory says.
        expelled: Whom it has expelled from trust.
    """
    duty = next((one for one in duties if one.region == home.region), None)
    if duty is None:
        return [Check("directory", ok=False, detail=f"it knows nothing of {home.region}")]
    return [
        lease(duty, home, target),
        await attempt("keeper", lambda: _keeper(duty, target)),
        trust(target, target, expelled),
        residency(target),
        await attempt("copy", lambda: _copy(target, duty)),
        await attempt("topics", lambda: topics(home, target)),
        await attempt("services", lambda: services(target)),
        await attempt("late", partial(_late, home, target)),
        await attempt("images", partial(_images, target)),
    ]


def lease(duty: DutyView, home: Seat, target: Seat) -> Check:
    """Whether the region holds its own duties; that its lease may still run is waited for."""
    if duty.holder != home.site:
        return Check("lease", ok=False, detail=f"{duty.holder} holds the duties, not {home.site}")
    left = duty.promised_seconds
    detail = f"epoch {duty.epoch}; " + (f"it may run for {left:.1f} s more" if left > 0 else "it has lapsed")
    return Check("lease", ok=True, detail=f"{detail}; {target.site} stands by")


def keeper(duty: DutyView, target: Seat, *, is_handed: bool) -> Check:
    """Whether the standby has everything that others were told, as the region itself has told the directory, or as it stood still with. Pure.

    Args:
        duty: What the directory says.
        target: Who stands by.
        is_handed: Whether the copy says that it was handed over by plan, behind which nothing was decided any more. That a lease was laid down says less: a
            store that was handed back all the same goes on.
    """
    good = (duty.laid_down and is_handed) or any(
        (one.region, one.incarnation) == (target.site, duty.incarnation) for one in duty.keepers
    )
    detail = (
        f"{target.site} has everything that others were told"
        if good
        else f"{target.site} was passed by, or never named: others may know what it lacks. Only {duty.holder} can go on"
    )
    return Check("keeper", ok=good, detail=detail)


async def _keeper(duty: DutyView, target: Seat) -> Check:
    turn = None
    if duty.laid_down:
        async with await connect(target.store, name="failover") as store:
            turn = await read_turn(store)
    is_handed = turn is not None and turn.phase is Phase.HANDED and bool(turn.mark) and turn.epoch == duty.epoch
    return keeper(duty, target, is_handed=is_handed)


async def _copy(target: Seat, duty: DutyView) -> Check:
    async with await connect(target.store, name="failover") as store:
        held = Held(await copying.content(store), await copying.subscription(store))
        turn = await read_turn(store)
    if held.subscription is None or held.subscription.missing or turn is None:
        return Check("copy", ok=False, detail="none that is whole follows the store, or followed it until it was gone")
    good = (turn.epoch, turn.incarnation) == (duty.epoch, duty.incarnation)
    return Check("copy", ok=good, detail=f"it is whole, of epoch {turn.epoch}")


async def _late(home: Seat, target: Seat) -> Check:
    async with await connect(target.store, name="failover") as store:
        content = await copying.content(store)
    until = datetime.fromtimestamp(content.beat_at / 1e6, UTC)
    age = time.time() - content.beat_at / 1e6
    detail = (
        f"what {home.site} accepted after {until:%Y-%m-%d %H:%M:%S} UTC, {age:.1f} s ago, comes only once {home.site} is"
        f" back and restored: messages, accounts, settings. Whoever has sent it and has no answer sends it again by itself"
    )
    return Check("late", ok=True, detail=detail)


async def _images(target: Seat) -> Check:
    async with await connect(target.store, name="failover") as store:
        if not await kept.is_prepared(store):
            return Check("images", ok=True, detail=f"bytes of images and files have not come to {target.site} yet")
        missing = await kept.missing(store)
    detail = f"{missing.blobs} images and files have no bytes at {target.site} until then"
    return Check("images", ok=True, detail=detail)
