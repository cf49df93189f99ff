"""`causeway region reincarnate`: a region whose Kafka lost what it had begins its next incarnation in its own store.

It is added to the commands of `causeway region`.
"""

from typing import Annotated

import msgspec
import typer
from rich.table import Table

from global_directory import place
from global_directory.holding.schemas import DutyView
from global_directory.operators.acting import Confirm, Why
from infra.errors import CausewayError
from infra.printing import print_json
from region.backup.cli import app
from region.evacuation import cli as moving
from region.evacuation import seats
from region.evacuation.audit import Audit
from region.evacuation.checks import Check, mend
from region.evacuation.cli import console
from region.evacuation.confirming import confirmed, standing
from region.evacuation.seats import Seat
from region.evacuation.telling import Told
from region.failover import reached
from region.failover.reincarnating import Reincarnation

__all__ = ["app"]


class NotReadyToReincarnateError(CausewayError):
    """{region} cannot begin anew now: {what}. Nothing was changed; `causeway region reincarnate {region} --rehearse` looks again."""

    code = "not-ready"
    status = 409
    definite = True


class Looked(msgspec.Struct, frozen=True):
    """What a rehearsal has found.

    Attributes:
        region: Whose duties.
        ok: Whether nothing is in the way.
        checks: What was looked at.
        next: What is to be done after it.
    """

    region: str
    ok: bool
    checks: list[Check]
    next: list[str]


class Reincarnated(msgspec.Struct, frozen=True):
    """What it has come to.

    Attributes:
        region: Whose duties.
        epoch: In which they are now.
        log: What was told; nothing, if it was done before.
        next: What is to be done after it.
    """

    region: str
    epoch: int
    log: list[Told]
    next: list[str]


@app.command()
def reincarnate(
    region: Annotated[str, typer.Argument(help="A region, such as us.", show_default=False)],
    *,
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Look at everything, and change nothing.")] = False,
    why: Why = "",
    confirm: Confirm = "",
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Let a region whose Kafka lost what it had begin anew, in its own store: the next epoch and incarnation, with streams and a journal that begin anew.

    Nothing that its store has is lost. What it had accepted and not decided is, unless its author's device sends it again; that is said before anything is
    done. Its services must not run. A run that was interrupted goes on when it is run again.

    Examples: causeway region reincarnate us --rehearse; causeway region reincarnate us --why "Kafka's disk is gone"
    """
    home, then = seats.home_of(region), standing(region)
    if rehearse or not as_json:
        found = moving.run(rehearse_now(home))
        _show(found, as_json=as_json)
        if rehearse:
            for line in () if as_json else found.next:
                console.print(f"  {line}")
            raise typer.Exit(0 if found.ok else 1)
    with confirmed("reincarnate", region, then=then, why=why, confirm=confirm) as (_, acting):
        done = moving.run(reincarnate_now(home, why, quiet=as_json))
        acting.detail = f"epoch {done.epoch}"
    if as_json:
        print_json(done)
        return
    before = f"Nothing is lost that is not given up: that was done before. {region} is in epoch {done.epoch}."
    console.print(f"{region} begins epoch {done.epoch}, in its own store." if done.log else before)
    for line in done.next:
        console.print(f"  {line}")


async def rehearse_now(home: Seat) -> Looked:
    """Return what would be in the way, and what would be given up; changes nothing."""
    async with place.directory() as directory:
        found = await Reincarnation(home, directory, {}, lambda _: None).rehearse()
    after = mend(found, "incarnation", f"causeway region reincarnate {home.region} --rehearse")
    return Looked(
        home.region, not after, found, after or [f"Begin anew: causeway region reincarnate {home.region} --why …"]
    )


async def reincarnate_now(home: Seat, why: str, *, quiet: bool) -> Reincarnated:
    """Begin anew, or go on with that; return what it has come to.

    Raises:
        NotReadyToReincarnateError: Something is in the way; nothing was changed.
        Exception: As `region.failover.reincarnating.Reincarnation.run` says.
    """
    audit, log = Audit("reincarnate", home.region, why=why), list[Told]()
    async with place.directory() as directory:
        readers = {other: reached.find(other) for other in home.others}
        reincarnation = Reincarnation(home, directory, readers, moving.teller(audit, log, quiet=quiet))
        duty = await reincarnation.duty()
        known, _ = await reincarnation.look(duty)
        if was_renewed(duty) and known.is_done:
            audit.note(f"done before: epoch {duty.epoch}")
            return Reincarnated(home.region, duty.epoch, log, _after(home.region))
        found = await reincarnation.rehearse()
        if wrong := [
            f"{one.name}: {one.detail}" for one in found if not one.ok and one.name != "services"
        ]:  # waited for
            raise NotReadyToReincarnateError(region=home.region, what="; ".join(wrong))
        for one in found:
            audit.note(f"{one.name}: {one.detail}", step="before")
        epoch = await reincarnation.run()
        audit.note(f"done: epoch {epoch}")
    return Reincarnated(home.region, epoch, log, _after(home.region))


def was_renewed(duty: DutyView) -> bool:
    """Whether a region has ended its own last epoch, as who begins anew in its own store does. Pure."""
    return any((one.epoch, one.holder) == (duty.epoch - 1, duty.holder) for one in duty.former)


def _after(region: str) -> list[str]:
    return ["Start its services, if they do not run: causeway local heal", f"causeway region status: {region} holds"]


def _show(found: Looked, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    table = Table("check", "", "found", box=None)
    for one in found.checks:
        table.add_row(one.name, "good" if one.ok else "NOT GOOD", one.detail)
    console.print(f"{found.region}: anew in its own store. Nothing is changed yet.")
    console.print(table)
