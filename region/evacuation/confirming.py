"""Asks for the name of a region before anybody is kept out, and sees afterwards that its duties stand as they did when that was asked.

Who is asked may be away from the terminal for an hour. Held meanwhile, the lock would keep out what takes a region over by itself; and what was shown may be
over by the time at which the name is typed.
"""

import asyncio
import contextlib
from collections.abc import Iterator

from global_directory import place
from global_directory.holding.schemas import DutyView
from global_directory.operators.acting import Acting, ask, operation
from infra.errors import CausewayError
from region.evacuation.alone import OnItsWay, alone


class MovedMeanwhileError(CausewayError):
    """What was shown of {region} is not so any more: {then}; now {now}. Nothing was done. Look again, and run the command once more if it is still wanted."""

    code = "moved-meanwhile"
    status = 409
    definite = True


def standing_of(duty: DutyView | None) -> str:
    """Return how a region's duties stand, for people, and alike for as long as nothing has happened to them. Pure."""
    if duty is None:
        return "the directory knew nothing of it"
    laid_down = ", and has laid the lease down" if duty.laid_down else ""
    return f"{duty.holder} holds it in epoch {duty.epoch}{laid_down}"


def standing(region: str) -> str:
    """Ask the directory how a region's duties stand.

    Raises:
        CausewayError: It does not tell.
    """

    async def look() -> str:
        async with place.directory() as directory:
            return standing_of(next((one for one in await directory.duties() if one.region == region), None))

    return asyncio.run(look())


@contextlib.contextmanager
def confirmed(verb: str, region: str, *, then: str, why: str, confirm: str) -> Iterator[tuple[OnItsWay, Acting]]:
    """Ask for the region's name, unless it was given; then let nobody else move its duties, and yield which way they were going, and the operation.

    Args:
        verb: What is to be done.
        region: To whose duties.
        then: How they stood before anything of them was shown.
        why: For the trace.
        confirm: The region's name again, if it was given.

    Raises:
        MovedMeanwhileError: They stand otherwise by now; the trace has it.
        CausewayError: It is refused, or another command is at it; nothing was done.
    """
    typed = ask(verb, region, confirm)
    with alone(region) as way, operation(verb, region, why=why, confirm=typed, asks=False) as acting:
        see_that_it_is_so(region, then, standing(region))
        yield way, acting


def see_that_it_is_so(region: str, then: str, now: str) -> None:
    """See that what was shown is so still. Pure.

    Raises:
        MovedMeanwhileError: It is not.
    """
    if then != now:
        raise MovedMeanwhileError(region=region, then=then, now=now)
