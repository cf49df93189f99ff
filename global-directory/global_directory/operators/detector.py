"""The detector, as who lets a standby take over by itself: judged, written into the trace like what an operator does, and let through by a pass.

One operation is begun for each time that a region's epoch is to be ended; whoever asks again, after a crash say, gets the pass for the same one,
until it has ended. What speaks against it is looked at as a standby asks, and once more in the transaction of its claim.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory import repository as directory
from global_directory.errors import UnknownRegionError
from global_directory.holding import repository as holding
from global_directory.holding.detection import Detection
from global_directory.holding.detection import Known as Seen
from global_directory.holding.schemas import Permit, ProposalsView
from global_directory.operators import repository
from global_directory.operators.actors import Actors, Shown
from global_directory.operators.errors import HeldBackError, NoPassError, NothingBegunError
from global_directory.operators.schemas import OperationView
from global_directory.operators.verbs import AT_WORK, DETECTOR, clean
from infra.errors import CausewayError
from replication.holding import acting
from replication.holding.acting import Known, Policy, Work, hindrance, operators_at_work
from replication.holding.detecting import SECOND

VERB: Final = "fail"
"""What it does is what an operator does by that."""


class Detector:
    """Lets standbys take over by themselves."""

    def __init__(self, actors: Actors, detection: Detection, policy: Policy = acting.USUAL) -> None:
        """Work on a store.

        Args:
            actors: The trace, and the key by which passes are signed.
            detection: Which regions are taken for down.
            policy: What is to follow from that.
        """
        self._actors = actors
        self._detection = detection
        self._policy = policy

    async def proposals(self) -> ProposalsView:
        """Return what is proposed, whether it still holds, and why nobody acts on it."""

        async def operation(connection: AsyncConnection) -> ProposalsView:
            seen = await self._detection.known(connection)
            reasons = {
                region: hindrance(await self._known(connection, seen, region), duty.standby, self._policy)
                for region, duty in seen.duties.items()
                if region in seen.kept
            }
            return seen.view(self._policy.word, reasons)

        return await self._actors.transactions.run("proposals", operation, changes=False)

    async def permit(self, region: str, standby: str, *, came_by: str) -> Permit:
        """Let a standby take over, or go on with that; asked again, the same is answered.

        Args:
            region: Whose duties.
            standby: Who asks.
            came_by: Whose certificate the connection showed.

        Raises:
            UnknownRegionError: It has never announced itself.
            HeldBackError: Something speaks against it now.
            NothingBegunError: It holds already, and nothing is to go on.
        """
        seal = self._actors.seal()

        async def operation(connection: AsyncConnection) -> OperationView | CausewayError:
            seen = await self._detection.known(connection)
            duty = seen.duties.get(region)
            if duty is None:
                return UnknownRegionError(region=region)
            if duty.holder == standby != region:
                return await self._goes_on(connection, seen, region, standby)
            line = await self._attempt(connection, region, duty.epoch)
            why_not = hindrance(await self._known(connection, seen, region), standby, self._policy)
            if why_not and line.result == "begun" and region not in seen.kept:
                await self._end(connection, line, f"given up: {why_not}")
            if why_not:
                return HeldBackError(region=region, standby=standby, reason=why_not)
            if line.result == "begun":
                return line
            proposal = seen.kept[region]
            witnesses, seconds = " and ".join(sorted(proposal.witnesses)), (seen.now - proposal.since) / SECOND
            why = f"taken for down by {witnesses} for {seconds:.1f} s, in epoch {duty.epoch}"
            begun = replace(line, came_by=came_by, why=clean(why), result="begun", ended_at=0)
            await repository.add_operation(connection, begun)
            return begun

        found = await self._actors.transactions.run("takeover", operation)
        if isinstance(found, CausewayError):
            raise found
        token = seal.grant(DETECTOR, found.operation_id, VERB, region, now=self._actors.clock() / 1e6)
        return Permit(found.operation_id, token, found.why)

    def gave(self, shown: Shown) -> bool:
        """Whether a pass is one of this detector's, and no operator's.

        Raises:
            NoPassError: It is missing, forged, or has ended.
        """
        return self._actors.seal().read_pass(shown.token, self._actors.clock() / 1e6).sub == DETECTOR

    def guard(self, shown: Shown, region: str, standby: str) -> Callable[[AsyncConnection], Awaitable[None]]:
        """Return what is to be looked at in the transaction in which a standby claims.

        Args:
            shown: The pass.
            region: Whose duties.
            standby: Who claims.

        Raises:
            NoPassError: It is missing, forged, or of another verb or target.
        """
        granted = self._actors.seal().read_pass(shown.token, self._actors.clock() / 1e6)
        if (granted.sub, granted.verb, granted.target) != (DETECTOR, VERB, region):
            raise NoPassError(reason=f"it is for `{granted.verb}` of {granted.target}, by {granted.sub}")

        async def look(connection: AsyncConnection) -> None:
            line = await repository.find_operation(connection, granted.operation)
            if line is None or line.result != "begun":
                raise NoPassError(reason="its operation is over")
            seen = await self._detection.known(connection)
            if reason := hindrance(await self._known(connection, seen, region), standby, self._policy):
                raise HeldBackError(region=region, standby=standby, reason=reason)

        return look

    async def _goes_on(
        self, connection: AsyncConnection, seen: Seen, region: str, standby: str
    ) -> OperationView | CausewayError:
        """Return what was begun and has claimed; nothing is judged anew but that no operator is at it: there is no way back."""
        ended = seen.duties[region].epoch - 1
        line = await self._attempt(connection, region, ended)
        former = (await holding.find_former(connection)).get(region, ())
        if line.result != "begun" or any(one.epoch == ended and one.laid_down for one in former):
            return NothingBegunError(region=region, standby=standby)
        if reason := operators_at_work(await self._work(connection, region, seen.now), seen.now, self._policy):
            return HeldBackError(region=region, standby=standby, reason=reason)
        return line

    async def _known(self, connection: AsyncConnection, seen: Seen, region: str) -> Known:
        duty = seen.duties[region]
        return Known(
            duty=duty,
            named=await holding.find_named(connection, region, duty.epoch) or "",
            proposal=seen.kept.get(region),
            verdict=seen.verdicts[region],
            expelled=region in await directory.find_expulsions(connection),
            work=await self._work(connection, region, seen.now),
            now=seen.now,
        )

    async def _work(self, connection: AsyncConnection, region: str, now: int) -> tuple[Work, ...]:
        since = now - self._policy.longest - self._policy.pause
        found = await repository.find_work(connection, region, AT_WORK, but=DETECTOR, since=since)
        return tuple(
            Work(one.verb, one.who, one.at, one.ended_at if one.result != "begun" else None, one.result == "done")
            for one in found
        )

    async def _attempt(self, connection: AsyncConnection, region: str, epoch: int) -> OperationView:
        """Return the line of what is begun to end an epoch, or of what would be: the first one that has not ended."""
        for number in count():
            digest = hashlib.sha256(f"{region} {epoch} {number}".encode()).hexdigest()
            known = await repository.find_operation(connection, f"o{digest[:32]}")
            if known is None:
                empty = self._actors.line(None, VERB, region)
                return replace(empty, operation_id=f"o{digest[:32]}", who=DETECTOR, role="", result="")
            if known.result == "begun":
                return known
        raise AssertionError  # there is no end to numbers

    async def _end(self, connection: AsyncConnection, line: OperationView, detail: str) -> None:
        await repository.end_operation(connection, line.operation_id, "failed", clean(detail), self._actors.clock())
