"""Gives up what was begun to move a region's duties: everything can be until the next epoch is claimed, or the lease laid down for that; from there on it only goes forward."""

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from global_directory.holding.schemas import DutyView
from infra.errors import CausewayError
from infra.schema.repository import connect
from region.evacuation.audit import Audit
from region.evacuation.errors import UnknownDutiesError
from region.evacuation.moving import Evacuation
from region.evacuation.plan import can_hand_back
from replication.turns.repository import read_turn
from replication.turns.takeover_repository import read_tail


class TooLateToAbortError(CausewayError):
    """It is too late to give that up: {what}, which is for good. Nothing was changed. Run `{again}` to its end{then}."""

    code = "too-late-to-abort"
    status = 409
    definite = True


class NotBegunThereError(CausewayError):
    """{holder} holds the duties of {region} and has not begun with its copy. Nothing was changed. Run `causeway region fail {region} --why …` to its end first."""

    code = "not-begun-there"
    status = 409
    definite = True


class Aborted(msgspec.Struct, frozen=True):
    """What giving up has come to, or would.

    Attributes:
        region: Whose duties.
        holder: Who goes on with them.
        rehearsed: Whether nothing was changed, since it was only asked what would be.
        what: For people.
        next: What is to be done after it.
        ok: Whether it can be given up; of what was only asked.
    """

    region: str
    holder: str
    rehearsed: bool
    what: str
    next: list[str]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Verb:
    """A command that can be given up.

    Attributes:
        name: Which.
        back: What brings the duties back once it is too late, for people.
    """

    name: str
    back: str


EVACUATE = Verb("evacuate", "; once more, it brings them back")
FAIL = Verb("fail", "; `causeway region restore {region}` brings them home, once its site runs again")
RESTORE = Verb("restore", "; `causeway region evacuate {region}` hands them over again")


def duty_of(duties: Collection[DutyView], region: str) -> DutyView:
    """Return what the directory says of a region.

    Raises:
        UnknownDutiesError: Nothing.
    """
    for one in duties:
        if one.region == region:
            return one
    raise UnknownDutiesError(region=region)


def check(duty: DutyView, verb: Verb, *, source: str) -> None:
    """See that a command that leads away from a site can still be given up. Pure.

    Args:
        duty: What the directory says.
        verb: The command.
        source: From where the duties are, or were, to go.

    Raises:
        TooLateToAbortError: It cannot.
    """
    if can_hand_back(duty.holder, source, laid_down=duty.laid_down):
        return
    claimed = f"{duty.holder} has claimed the duties of {duty.region}, in epoch {duty.epoch}"
    laid_down = f"{duty.holder} has laid its lease for {duty.region} down"
    has_claimed = duty.holder != source
    raise TooLateToAbortError(
        what=claimed if has_claimed else laid_down,
        again=f"causeway region {verb.name} {duty.region} --why …",
        then=("" if has_claimed else ", or do what it says") + verb.back.format(region=duty.region),
    )


def refused(duty: DutyView, verb: Verb, error: CausewayError) -> Aborted:
    """Return what a rehearsal answers where nothing can be given up, which is an answer as well. Pure."""
    name = FAIL.name if isinstance(error, NotBegunThereError) else verb.name
    after = [f"causeway region status: {duty.holder} holds the duties of {duty.region}"]
    if isinstance(error, TooLateToAbortError | NotBegunThereError):
        after = [f"Run it to its end, which is harmless if it is done: causeway region {name} {duty.region} --why …"]
    return Aborted(duty.region, duty.holder, rehearsed=True, what=str(error), next=after, ok=False)


async def hand_back(evacuation: Evacuation, verb: Verb, audit: Audit, *, rehearse: bool) -> Aborted:
    """Let a region go on where its duties are, whatever was begun to hand them over.

    Args:
        evacuation: From there to where they were to go.
        verb: By which command it was begun.
        audit: Where it is written down, unless it is only rehearsed.
        rehearse: Whether nothing is to be changed.

    Raises:
        TooLateToAbortError: The other site has claimed, or is about to; a rehearsal answers that.
        NotBegunThereError: A takeover stands before it, which is not done; likewise.
        CausewayError: The directory does not tell.
        psycopg.Error: The store does not answer.
    """
    region, source = evacuation.source.region, evacuation.source.site
    if not rehearse:
        audit.note(f"asked for at {source}")
    duty = duty_of(await evacuation.directory.duties(), region)
    try:
        check(duty, verb, source=source)
        async with await connect(evacuation.source.store, name=verb.name) as store:
            turn, owed = await read_turn(store), await read_tail(store, evacuation.target.site)
        if turn is None or turn.epoch != duty.epoch:
            raise NotBegunThereError(holder=source, region=region)
        if not rehearse and not await evacuation.hand_back():
            check(duty_of(await evacuation.directory.duties(), region), verb, source=source)  # it went on meanwhile
            raise NotBegunThereError(holder=source, region=region)
    except CausewayError as error:
        if rehearse and isinstance(error, TooLateToAbortError | NotBegunThereError):
            return refused(duty, verb, error)
        if not rehearse:
            audit.note(f"refused: {error}")
        raise
    said = f"{source} goes on with the duties of {region}"
    if not rehearse:
        audit.note(f"{source} goes on")
    return Aborted(region, source, rehearse, said, _after(evacuation, verb, is_owed=bool(owed)))


def _after(evacuation: Evacuation, verb: Verb, *, is_owed: bool) -> list[str]:
    region, source, target = evacuation.source.region, evacuation.source.site, evacuation.target.site
    after = [f"causeway region status: its services at {source} return within seconds"]
    if is_owed:
        after.append(f"Keep {target}'s disks: not all that it accepted is handed in. What was stays at {source}")
    elif verb is RESTORE:
        after.append(f"All that {target} had accepted is handed in; that stays at {source}")
    return [*after, f"Again, later: causeway region {verb.name} {region} --why …"]
