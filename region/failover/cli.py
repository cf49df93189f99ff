"""`causeway region fail` and `causeway region restore`: declare a region dead, so that who stands by takes its duties over; and give them back once its site has returned.

They are added to the commands of `causeway region`, beside `evacuate`.
"""

import contextlib
from collections.abc import Collection
from functools import partial
from typing import Annotated, Final

import msgspec
import typer
from rich.table import Table

from global_directory import place
from global_directory.operators.acting import Confirm, Why, operation
from infra.errors import CausewayError
from infra.printing import print_json
from region.evacuation import checks, seats
from region.evacuation import cli as moving
from region.evacuation.aborting import duty_of
from region.evacuation.alone import alone
from region.evacuation.announcing import Plan
from region.evacuation.audit import Audit
from region.evacuation.cli import console
from region.evacuation.confirming import confirmed, see_that_it_is_so, standing
from region.evacuation.moving import FAILURES, Evacuation
from region.evacuation.plan import Step as Evacuating
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import late, losses, reached
from region.failover.declaring import declare
from region.failover.failing import Takeover
from region.failover.giving_up import NothingToRestoreError, abort_fail, abort_restore, was_never_away
from region.failover.losses import NOTHING, GivenUp
from region.failover.plan import Step, next_step
from region.failover.reincarnate_cli import app
from region.failover.restoring import Return
from region.standby.detaching import release

__all__ = ["app"]

RETURNS = ("hand in", *(step.value for step in Evacuating))
"""What a return does, in this order."""


AFTER_CLAIM: Final = RETURNS[RETURNS.index(Evacuating.BEGIN.value) :]
"""What is left of it once the region has claimed."""
GO_ON: Final = ("It was begun. Go on, which is harmless if it is done: causeway region restore {region} --why …",)


class NotHomeError(CausewayError):
    """The duties of {region} are at {holder}, and not back home. Look at `causeway region status`, and run the same command again."""

    code = "not-home"
    status = 409
    definite = False


class Rehearsed(msgspec.Struct, frozen=True):
    """What a rehearsal has found.

    Attributes:
        region: Whose duties.
        target: Who would have them.
        ok: Whether nothing is in the way.
        checks: What was looked at.
        steps: What would be done, in this order.
        abort_before: Until that one --abort gives it up; from there on it only goes forward.
        next: What is to be done after it.
    """

    region: str
    target: str
    ok: bool
    checks: list[checks.Check]
    steps: tuple[str, ...]
    next: list[str]
    abort_before: str = Step.CLAIM.value


class Failed(msgspec.Struct, frozen=True):
    """What a takeover has come to.

    Attributes:
        region: Whose duties.
        holder: Who has them now.
        seconds: How long each step took.
        log: What was told.
        next: What is to be done after it.
    """

    region: str
    holder: str
    seconds: dict[str, float]
    log: list[Told]
    next: list[str]


class Restored(msgspec.Struct, frozen=True):
    """What a return has come to.

    Attributes:
        region: Whose duties.
        holder: Who has them now.
        handed_in: How many records were handed in, and how many were not, by reason.
        seconds: How long each step took.
        log: What was told.
        next: What is to be done after it.
    """

    region: str
    holder: str
    handed_in: dict[str, int]
    seconds: dict[str, float]
    log: list[Told]
    next: list[str]


@app.command()
def fail(
    region: Annotated[str, typer.Argument(help="A region, such as us.", show_default=False)],
    *,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Look at everything, and change nothing.")] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Give up one that was begun, if nobody has claimed the next epoch yet.")
    ] = False,
    why: Why = "",
    confirm: Confirm = "",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Declare a region dead: who stands by takes its duties over, with the copy that it has.

    Nothing that any other region was told is lost or changes its place. What the region had accepted a moment before, and the copy lacks, is late until
    the site is back and restored; it is listed before anything is done. A region that runs is evacuated instead, which loses not even time.
    A run that was interrupted goes on when it is run again, or is given up with --abort, until the next epoch is claimed.

    Examples: causeway region fail us --rehearse; causeway region fail us --why "the site burns"; causeway region fail us --abort
    """
    sites = seats.find(region)
    if abort and rehearse:
        moving.show_aborted(moving.run(abort_fail(region, sites, why, rehearse=True)), as_json=as_json)
        return
    if abort:
        with alone(region), operation("fail-abort", region, why=why) as acting:
            given_up = moving.run(abort_fail(region, sites, why or "not said", rehearse=False))
            acting.detail = given_up.what
        moving.show_aborted(given_up, as_json=as_json)
        return
    if rehearse:
        found = moving.run(rehearse_now(region, sites))
        _show_rehearsal(found, as_json=as_json)
        _show_next(found, as_json=as_json)
        if not found.ok:
            raise typer.Exit(1)
        return
    then = standing(region)
    if not as_json:
        _show_rehearsal(moving.run(rehearse_now(region, sites)), as_json=False)
    with confirmed("fail", region, then=then, why=why, confirm=confirm) as (way, acting):
        done = moving.run(fail_now(region, sites, why, quiet=as_json))
        way.note(None)  # whatever evacuation was begun, this has ended it
        acting.detail = f"{done.holder} holds"
    _show(done, as_json=as_json)


@app.command()
def restore(
    region: Annotated[str, typer.Argument(help="A region, such as us.", show_default=False)],
    *,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Look at what is there and what is lost, and change nothing.")
    ] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Leave the duties where they are, if the region has not claimed yet.")
    ] = False,
    store_lost: Annotated[
        bool, typer.Option("--store-lost", help="Its store is lost: what --rehearse lists is given up.")
    ] = False,
    journal_lost: Annotated[
        bool, typer.Option("--journal-lost", help="Its Kafka lost records: what --rehearse lists is given up.")
    ] = False,
    why: Why = "",
    confirm: Confirm = "",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Give a region that was declared dead its duties back, once its site runs again.

    What it had accepted and nobody has decided is handed in, by the same ids, and comes later in the order than what was decided meanwhile; then its
    duties are handed back as in an evacuation. A site that lost its store or its Kafka's disk comes back as well: what nobody can bring back is listed
    first, and given up only by --store-lost or --journal-lost. A run that was interrupted goes on when it is run again; with --abort the duties stay where
    they are, until the region claims the next epoch: what was handed in by then stays handed in.

    Examples: causeway region restore us --rehearse; causeway region restore us --why "the site is back"; causeway region restore us --store-lost --why "new disks"
    """
    sites, given_up = seats.find(region), GivenUp(store_lost, journal_lost)
    if abort and rehearse:
        moving.show_aborted(moving.run(abort_restore(region, sites, why, rehearse=True)), as_json=as_json)
        return
    if abort:
        with alone(region) as way, operation("restore-abort", region, why=why) as acting:
            stays = moving.run(abort_restore(region, sites, why or "not said", rehearse=False))
            way.note(None)
            acting.detail = stays.what
        moving.show_aborted(stays, as_json=as_json)
        return
    then, found = standing(region), None
    if rehearse or not as_json:  # a script has looked before
        found = moving.run(rehearse_return(region, sites, given_up))
        _show_rehearsal(found, as_json=as_json)
        if rehearse:
            _show_next(found, as_json=as_json)
            raise typer.Exit(0 if found.ok else 1)
    with confirmed("restore", region, then=then, why=why, confirm=confirm) as (way, acting):
        if found is not None:
            again = moving.run(rehearse_return(region, sites, given_up))
            see_that_it_is_so(region, lost_of(found.checks), lost_of(again.checks))
        way.note(None)  # this goes home, whichever way an evacuation was going
        done = moving.run(restore_now(region, sites, why, quiet=as_json, given_up=given_up))
        acting.detail = f"{done.holder} holds"
    _show(done, as_json=as_json)


async def rehearse_now(region: str, sites: dict[str, Seat]) -> Rehearsed:
    """Return what would be in the way of declaring a region dead, and what would be late; changes nothing."""
    home, target = sites.values()
    async with place.directory() as directory:
        duties = await directory.duties()
        found = await late.look(home, target, duties, await directory.expulsions())
    steps = tuple(step.value for step in Step)
    if any(
        one.region == region and one.holder == target.site for one in duties
    ):  # begun, or done: whatever is left is done
        left, begun = await _left(home, target)
        return Rehearsed(region, target.site, ok=True, checks=found, steps=left, next=begun)
    after = checks.mend(found, "failover", f"causeway region fail {region} --rehearse")
    good = [
        f"If {region} is dead: causeway region fail {region} --why …",
        f"If its site runs: causeway region evacuate {region} --rehearse",
    ]
    return Rehearsed(region, target.site, not after, found, steps, after or good)


async def rehearse_return(region: str, sites: dict[str, Seat], given_up: GivenUp) -> Rehearsed:
    """Return what a site that came back has, and what it has lost; it is good if nothing is lost that may not be given up. Changes nothing."""
    home, holder = sites.values()
    async with place.directory() as directory:
        duty = duty_of(await directory.duties(), region)
        found = await losses.look(home, holder, duty)
        if was_never_away(duty, home):
            nothing = NothingToRestoreError(region=region, holder=home.site)
            return Rehearsed(region, home.site, ok=False, checks=found, steps=(), next=[str(nothing)])
        if duty.holder != holder.site:
            served = await _is_served(Evacuation(holder, home, directory, seats.tools(), lambda _: None))
            steps, after = (RETURNS[-1:], _after_return(region, holder)) if served else (AFTER_CLAIM, GO_ON)
            return Rehearsed(
                region, home.site, ok=True, checks=found, steps=steps, next=[one.format(region=region) for one in after]
            )
    allowed = {"store"} if given_up.store else set[str]()
    allowed |= {"journal"} if given_up.journal else set()
    wrong = [one for one in found if not one.ok and one.name not in allowed]
    return Rehearsed(region, home.site, not wrong, found, RETURNS, before_return(region, wrong, allowed))


async def _left(home: Seat, target: Seat) -> tuple[tuple[str, ...], list[str]]:
    """Return the steps that are left of a takeover that has claimed, and what is to be done."""
    region, steps = home.region, tuple(Step)
    step = Step.BEGIN
    with contextlib.suppress(*FAILURES):  # what cannot be told is found out by who goes on
        async with place.directory() as directory:
            step = next_step(await Takeover(home, target, directory, {}, lambda _: None, _nothing).look())
    left = tuple(one.value for one in steps[steps.index(step) :])
    if step is Step.DONE:
        return left, [
            f"It is done: {target.site} holds the duties of {region}",
            f"Once the site runs again: causeway region restore {region} --rehearse",
        ]
    return left, [f"It was begun. Go on, which is harmless if it is done: causeway region fail {region} --why …"]


async def _nothing() -> None:
    """Change nothing."""


async def _is_served(back: Evacuation) -> bool:
    """Whether a region that holds its duties again serves; False as well if that cannot be told, and is found out by who goes on."""
    with contextlib.suppress(*FAILURES):
        return (await back.look()).serving
    return False


def lost_of(found: Collection[checks.Check]) -> str:
    """Say what a site has lost, by what was looked at: who gives something up has been shown that."""
    lost = [one.name for one in found if one.name in {"store", "journal"} and not one.ok]
    return f"lost, or not to be looked at: {', '.join(lost)}" if lost else "nothing is lost"


def before_return(region: str, wrong: Collection[checks.Check], given_up: Collection[str]) -> list[str]:
    """Return what is to be done after a return was rehearsed.

    Args:
        region: Whose.
        wrong: What is in its way.
        given_up: What it is said of that it is lost for good: `store`, `journal`.
    """
    options = "".join(f" --{name}-lost" for name in sorted(given_up, reverse=True))
    again = f"causeway region restore {region}{options}"
    if not wrong:
        return [f"Give the duties back: {again} --why …"]
    lost = [f"--{one.name}-lost" for one in wrong if one.name in {"store", "journal"}]
    gone = [f"Only if it is lost for good, say so then: {' '.join(lost)}"] if lost else []
    return [*checks.mend(wrong, "incarnation" if lost else "failover", f"{again} --rehearse"), *gone]


async def fail_now(region: str, sites: dict[str, Seat], why: str, *, quiet: bool) -> Failed:
    """Declare a region dead, or go on with that; return what it has come to.

    Raises:
        NotReadyToFailError: Something is in the way; nothing was changed.
        AliveError: Its lease is renewed; nothing was changed.
        CausewayError: It cannot be done now; run again, it goes on.
        psycopg.Error: The copy does not answer.
    """
    home, target = sites.values()
    audit, log = Audit("fail", region, why=why), list[Told]()
    async with place.directory() as directory:
        tell = moving.teller(audit, log, quiet=quiet)
        readers = {other: reached.find(other) for other in home.others}
        took = await declare(home, target, directory, readers=readers, audit=audit, tell=tell)
    after = [
        f"causeway region status: {region} is held by {target.site}",
        f"Keep {home.site}'s disks: what it accepted last is there alone.",
        f"Once the site runs again: causeway region restore {region} --why …",
    ]
    return Failed(region, target.site, {step: round(seconds, 2) for step, seconds in took.items()}, log, after)


async def restore_now(
    region: str, sites: dict[str, Seat], why: str, *, quiet: bool, given_up: GivenUp = NOTHING
) -> Restored:
    """Hand in what a returned region had accepted, and give it its duties back, or go on with that; return what it has come to.

    Raises:
        NothingToRestoreError: It holds its duties, and always has.
        NotHomeError: They are not back at the end.
        Exception: As `region.failover.restoring.Return.run` and `region.evacuation.cli.evacuate_now` say.
    """
    home, holder = sites.values()
    audit, log = Audit("restore", region, why=why), list[Told]()

    async with place.directory() as directory:

        async def promised() -> float:
            held = (one for one in await directory.duties() if (one.region, one.holder) == (region, holder.site))
            return max((one.promised_seconds for one in held), default=0.0)

        duty = duty_of(await directory.duties(), region)
        if was_never_away(duty, home):
            raise NothingToRestoreError(region=region, holder=home.site)
        is_back = duty.holder != holder.site
        if is_back and (await Evacuation(holder, home, directory, seats.tools(), lambda _: None).look()).serving:
            audit.note(f"done before: {home.site} holds")
            return Restored(region, home.site, {}, {}, log, _after_return(region, holder))
        audit.note(f"{home.site} is back; {duty.holder} holds")
        handed: dict[str, int] = {}
        if duty.holder == holder.site:
            tell = moving.teller(audit, log, quiet=quiet)
            goes_on = Plan(directory, region).tell  # by a pass: whoever was given up hears of it
            handed = await Return(
                home, holder, tell, partial(release, home.store, holder.site), promised, given_up, goes_on
            ).run()
    done = await moving.evacuate_now(region, sites, why, quiet=quiet, way=(holder, home))
    if done.holder != home.site:
        raise NotHomeError(region=region, holder=done.holder)
    audit.note(f"done: {done.holder} holds")
    return Restored(region, done.holder, handed, done.seconds, [*log, *done.log], _after_return(region, holder))


def _after_return(region: str, holder: Seat) -> list[str]:
    return [
        f"It is done. causeway region status: until {holder.site} has a whole copy again, {region} cannot be taken over"
    ]


def _show_rehearsal(found: Rehearsed, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    table = Table("check", "", "found", box=None)
    for one in found.checks:
        table.add_row(one.name, "good" if one.ok else "NOT GOOD", one.detail)
    console.print(f"{found.region}: to {found.target}. Nothing is changed yet.")
    console.print(table)
    would = f"It would {', '.join(found.steps[:-1])}." if found.steps[:-1] else "Nothing is left to be done."
    console.print(would if found.ok else "It would not be begun.")
    if found.abort_before in found.steps:
        console.print(f"Until {found.abort_before} it can be given up: --abort. From there on it only goes forward.")


def _show(done: Failed | Restored, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    took = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items())
    console.print(f"{done.holder} holds the duties of {done.region}. {took or 'That was done before.'}")
    _show_next(done, as_json=False)


def _show_next(of: Rehearsed | Failed | Restored, *, as_json: bool) -> None:
    for one in () if as_json else of.next:
        console.print(f"  {one}")
