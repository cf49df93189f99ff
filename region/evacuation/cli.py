"""`causeway region evacuate`: hand a region's duties to the other site that can hold them, and later back; nothing accepted is lost.

It is added to the commands of `causeway region`, which are the directory's.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, TypeVar

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from global_directory import place
from global_directory.cli import app
from global_directory.client import DirectoryClient
from global_directory.operators.acting import Confirm, Why, operation
from infra.errors import CausewayError, UnavailableError
from infra.kafka import KafkaError
from infra.postgres import STORE_FAILURES, NoAnswerError
from infra.printing import print_json
from region.evacuation import aborting, checks, seats
from region.evacuation.aborting import Aborted
from region.evacuation.alone import OnItsWay, Way, alone, on_its_way
from region.evacuation.audit import Audit
from region.evacuation.confirming import confirmed, standing
from region.evacuation.moving import Evacuation
from region.evacuation.plan import is_under_way
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.standby.detaching import detach, release

__all__ = ["app"]

T = TypeVar("T")
console = Console(highlight=False)


class NotReadyError(CausewayError):
    """{region} cannot be evacuated now: {what}. Nothing was changed; `causeway region evacuate {region} --rehearse` looks again."""

    code = "not-ready"
    status = 409
    definite = True


class Rehearsed(msgspec.Struct, frozen=True):
    """What a rehearsal has found.

    Attributes:
        region: Whose duties.
        source: Where they are.
        target: Where they would go.
        ok: Whether everything is as it must be.
        checks: What was looked at.
        steps: What would be done, in this order.
        next: What is to be done after it.
    """

    region: str
    source: str
    target: str
    ok: bool
    checks: list[checks.Check]
    steps: tuple[str, ...]
    next: list[str]


class ServerSilentError(CausewayError):
    """The PostgreSQL at {server} does not answer as it must: {reason}. See that its processes run, and that none was stopped (`causeway status`, its log, its disk). Then run the same command again: it goes on where it stood."""

    code = "server-silent"
    status = 503
    definite = False


class TooLateError(CausewayError):
    """Something of the region did not come to its end in time. Run the same command again: it goes on where it stood."""

    code = "too-late"
    status = 503
    definite = False


class Evacuated(msgspec.Struct, frozen=True):
    """What an evacuation has come to.

    Attributes:
        region: Whose duties.
        holder: Who has them now.
        seconds: How long each step took.
        log: What was told.
        next: What is to be done after it.
        done_before: Whether it was done already when it was gone on with: this run has moved nothing.
    """

    region: str
    holder: str
    seconds: dict[str, float]
    log: list[Told]
    next: list[str]
    done_before: bool = False


@app.command()
def evacuate(
    region: Annotated[str, typer.Argument(help="A region, such as us.", show_default=False)],
    *,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Look at everything, and change nothing.")] = False,
    abort: Annotated[
        bool, typer.Option("--abort", help="Let the region go on where it is, if the other site does not hold yet.")
    ] = False,
    why: Why = "",
    confirm: Confirm = "",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Hand a region's duties to the other site that can hold them; run it again, and they come back.

    Nothing accepted is lost: the region first accepts nothing more, decides and sends what it has, and stands still. The other site begins with
    the copy that followed it; on the way back home the store is copied then. Whoever is connected is sent away and connects anew. A run that was
    interrupted goes on where it stood, and the same way; or is undone with --abort, until the next epoch is claimed. What is done stands in the audit log.

    Examples: causeway region evacuate us --rehearse; causeway region evacuate us --why "new disks"; causeway region evacuate us --abort
    """
    sites = seats.find(region)
    if abort and rehearse:
        show_aborted(run(_abort(region, sites, why, begun=on_its_way(region), rehearse=True)), as_json=as_json)
    elif rehearse:
        _show_rehearsal(run(_rehearse(region, sites)), as_json=as_json)
    elif abort:
        with alone(region) as way, operation("evacuate-abort", region, why=why) as acting:
            given_up = run(_abort(region, sites, why or "not said", begun=way.way))
            way.note(None)
            acting.detail = given_up.what
        show_aborted(given_up, as_json=as_json)
    else:
        with confirmed("evacuate", region, then=standing(region), why=why, confirm=confirm) as (way, acting):
            done = run(evacuate_now(region, sites, why, quiet=as_json, begun=way))
            acting.detail = f"{done.holder} holds"
        _show_outcome(done, as_json=as_json)


def run(work: Coroutine[None, None, T]) -> T:
    """Run what is asked for; whose server does not answer is said without what might tell how to connect."""
    try:
        return asyncio.run(work)
    except NoAnswerError as error:
        reason = "it stands still, or is overloaded" if "not answered" in str(error) else "nobody can connect to it"
        if error.refusal:
            reason = f"it lets nobody in and says: {error.refusal}"
        raise ServerSilentError(server=error.server or "a store of the region", reason=reason) from error
    except psycopg.Error as error:
        raise UnavailableError(what="A store of the region") from error
    except KafkaError as error:
        raise UnavailableError(what="A Kafka of the region") from error
    except TimeoutError as error:
        raise TooLateError from error
    except (ConnectionError, socket.gaierror) as error:
        raise UnavailableError(what="A server of the region") from error


async def _between(
    directory: DirectoryClient, region: str, sites: dict[str, Seat], *, begun: Way | None = None
) -> tuple[Seat, Seat]:
    """Return from where to where the duties go: away from whoever holds them, or held them when an evacuation was begun that is not done.

    Args:
        directory: Who says who holds.
        region: Whose duties.
        sites: Where they can be held; home first.
        begun: To which of them they are known to be on their way.
    """
    holder, epoch = next(
        ((one.holder, one.epoch) for one in await directory.duties() if one.region == region), (region, 0)
    )
    if begun is not None and begun.to in sites and begun.holds(epoch, time.time()):
        return next(one for site, one in sites.items() if site != begun.to), sites[begun.to]
    (home, elsewhere) = sites.values()
    forth = Evacuation(home, elsewhere, directory, seats.tools(), lambda _: None)
    back = Evacuation(elsewhere, home, directory, seats.tools(), lambda _: None)
    present = forth if holder == home.site else back
    other = back if present is forth else forth
    chosen = present
    with contextlib.suppress(
        *STORE_FAILURES, psycopg.Error
    ):  # a store that is away has begun nothing, and hinders no abort
        if is_under_way(await other.look()):  # the present holder is only just beginning
            chosen = other
    return chosen.source, chosen.target


async def _rehearse(region: str, sites: dict[str, Seat]) -> Rehearsed:
    async with place.directory() as directory:
        source, target = await _between(directory, region, sites, begun=on_its_way(region))
        found = await checks.look(source, target, await directory.duties(), await directory.expulsions())
    after = checks.mend(found, "evacuation", f"causeway region evacuate {region} --rehearse")
    return Rehearsed(
        region,
        source.site,
        target.site,
        not after,
        found,
        checks.STEPS,
        after or [f"Hand them over: causeway region evacuate {region} --why …"],
    )


async def _abort(
    region: str, sites: dict[str, Seat], why: str, *, begun: Way | None, rehearse: bool = False
) -> Aborted:
    async with place.directory() as directory:
        source, target = await _between(directory, region, sites, begun=begun)
        evacuation = Evacuation(source, target, directory, seats.tools(), lambda _: None)
        audit = Audit("evacuate --abort", region, why=why)
        return await aborting.hand_back(evacuation, aborting.EVACUATE, audit, rehearse=rehearse)


def show_aborted(done: Aborted, *, as_json: bool) -> None:
    """Tell what giving up has come to, or would; the exit status is 1 if it cannot be."""
    if as_json:
        print_json(done)
    else:
        would = f"It can be given up: {done.what} then. Nothing is changed." if done.ok else done.what
        console.print(would if done.rehearsed else f"{done.what}.")
        for line in done.next:
            console.print(f"  {line}")
    if not done.ok:
        raise typer.Exit(1)


def teller(audit: Audit, log: list[Told], *, quiet: bool) -> Callable[[Told], None]:
    """Return what takes down each thing that a command which moves duties has to tell, and shows it unless it is to be quiet.

    Args:
        audit: Where it is noted.
        log: Where it is added.
        quiet: Whether nothing is shown.
    """

    def tell(told: Told) -> None:
        log.append(told)
        audit.note(told.what, step=told.step, figures=told.figures)
        if not quiet:
            figures = ", ".join(f"{name} {number:,}" for name, number in told.figures.items())
            console.print(f"{told.seconds:6.1f} s  {told.step:<7} {told.what}{f' ({figures})' if figures else ''}")

    return tell


async def evacuate_now(
    region: str,
    sites: dict[str, Seat],
    why: str,
    *,
    quiet: bool,
    way: tuple[Seat, Seat] | None = None,
    begun: OnItsWay | None = None,
) -> Evacuated:
    """Evacuate a region, or go on with that; return what it has come to.

    Args:
        region: Whose duties.
        sites: Where they can be held; home first.
        why: For the audit log.
        quiet: Whether nothing is shown.
        way: From where to where; None: away from whoever holds them, or as was begun.
        begun: Remembers that; None: nothing has to, since the way is given each time.

    Raises:
        Exception: One of `region.evacuation.moving.FAILURES`, or a `NotReadyError`.
    """
    audit, log = Audit("evacuate", region, why=why), list[Told]()
    tell = teller(audit, log, quiet=quiet)
    async with place.directory() as directory:
        source, target = way or await _between(directory, region, sites, begun=begun.way if begun else None)
        follow_no_more, let_go = None, None
        if not target.is_home:
            follow_no_more = partial(detach, target.store, target.region)
            let_go = partial(release, source.store, target.site)
        evacuation = Evacuation(source, target, directory, seats.tools(), tell, follow_no_more, let_go)
        known = await evacuation.look()
        if known.holder == source.site and known.at_source.is_untouched(source.site):
            found = await checks.look(source, target, await directory.duties(), await directory.expulsions())
            if wrong := [f"{one.name}: {one.detail}" for one in found if not one.ok]:
                raise NotReadyError(region=region, what="; ".join(wrong))
        audit.note(f"begun, from {source.site} to {target.site}")
        if begun:
            ended = known.epoch - (known.holder == target.site)
            begun.note(Way(target.site, ended, time.time()))
        took = await evacuation.run()
        if begun:
            begun.note(None)
        audit.note(f"done: {target.site} holds")
    after = after_evacuation(source, target)
    return Evacuated(
        region, target.site, {step: round(seconds, 2) for step, seconds in took.items()}, log, after, not took
    )


def after_evacuation(source: Seat, target: Seat) -> list[str]:
    """Return what is to be done once duties were handed over."""
    region = target.region
    if target.is_home:
        return [f"causeway region status: until {source.site} has a whole copy again, {region} cannot be handed on"]
    return [
        f"causeway region status: {region} is held by {target.site}, and nobody has a copy of it that follows",
        f"Keep {source.site}'s Kafka, MirrorMaker and edge running, and put no old store back in place.",
        f"Back again: causeway region evacuate {region} --why …",
    ]


def _show_rehearsal(found: Rehearsed, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        console.print(f"{found.region}: from {found.source} to {found.target}. Nothing is changed.")
        table = Table("check", "", "found", box=None)
        for one in found.checks:
            table.add_row(one.name, "good" if one.ok else "NOT GOOD", one.detail)
        console.print(table)
        console.print(f"It would {', '.join(found.steps[:-1])}." if found.ok else "It would not be begun.")
        for line in found.next:
            console.print(f"  {line}")
    if not found.ok:
        raise typer.Exit(1)


def _show_outcome(done: Evacuated, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    took = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in done.seconds.items())
    before = "That was done before; this run has moved nothing." if done.done_before else took
    console.print(f"{done.holder} holds the duties of {done.region}. {before}")
    for one in done.next:
        console.print(f"  {one}")
