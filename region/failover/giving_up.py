"""Gives up what was begun to declare a region dead, or to bring it home; until somebody claims."""

from global_directory import place
from global_directory.holding.schemas import DutyView
from infra.errors import CausewayError
from region.evacuation import aborting, seats
from region.evacuation.aborting import Aborted, TooLateToAbortError, duty_of
from region.evacuation.audit import Audit
from region.evacuation.moving import Evacuation
from region.evacuation.seats import Seat


class NothingToRestoreError(CausewayError):
    """{holder} holds the duties of {region}, and nobody else ever has: it was not declared dead. Nothing was changed."""

    code = "nothing-to-restore"
    status = 409
    definite = True


async def abort_fail(region: str, sites: dict[str, Seat], why: str, *, rehearse: bool) -> Aborted:
    """Give up declaring a region dead. Until the claim nobody else holds, so there is nothing to be undone but that somebody is at it.

    What was noted beside the copy stays: who stands by renews no more in that epoch.

    Raises:
        TooLateToAbortError: Who stands by has claimed; a rehearsal answers that.
        CausewayError: The directory does not tell.
    """
    home = next(iter(sites.values()))
    audit = Audit("fail --abort", region, why=why)
    if not rehearse:
        audit.note(f"asked for at {home.site}")
    async with place.directory() as directory:
        duty = duty_of(await directory.duties(), region)
    try:
        aborting.check(duty, aborting.FAIL, source=home.site)
    except TooLateToAbortError as error:
        if rehearse:
            return aborting.refused(duty, aborting.FAIL, error)
        audit.note(f"refused: {error}")
        raise
    if not rehearse:
        audit.note(f"{home.site} is not declared dead")
    after = [
        f"causeway region status: {region} is held by {home.site}, as before",
        f"If the command waited for the claim, its standby may renew the lease of {region} no more in this epoch: with a silent directory it is islanded",
        f"If its site runs and is to be left: causeway region evacuate {region} --rehearse",
    ]
    return Aborted(region, home.site, rehearse, f"{home.site} is not declared dead, and holds as before", after)


async def abort_restore(region: str, sites: dict[str, Seat], why: str, *, rehearse: bool) -> Aborted:
    """Leave a region's duties where they are, whatever was begun to bring them home.

    Raises:
        NothingToRestoreError: They never were anywhere else; a rehearsal answers that.
        Exception: As `region.evacuation.aborting.hand_back` says.
    """
    home, holder = sites.values()
    async with place.directory() as directory:
        duty = duty_of(await directory.duties(), region)
        if was_never_away(duty, home):
            error = NothingToRestoreError(region=region, holder=home.site)
            if rehearse:
                return aborting.refused(duty, aborting.RESTORE, error)
            raise error
        evacuation = Evacuation(holder, home, directory, seats.tools(), lambda _: None)
        audit = Audit("restore --abort", region, why=why)
        return await aborting.hand_back(evacuation, aborting.RESTORE, audit, rehearse=rehearse)


def was_never_away(duty: DutyView, home: Seat) -> bool:
    """Whether a region has held its duties in each epoch that there was. Pure."""
    return duty.holder == home.site and all(one.holder == home.site for one in duty.former)
