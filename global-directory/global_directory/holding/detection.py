"""Use cases of detection: regions tell what they see of each other, and what follows from all of it is kept; `replication.holding.detecting` judges.

Whoever reports has everything judged, in a transaction of its own that writes only what changes. So one proposal is made for an epoch, whoever
comes to it first, and no process of the directory has to be the one that does it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from global_directory import rules
from global_directory.errors import UnknownTellerError
from global_directory.holding import repository, sightings
from global_directory.holding.schemas import TELLERS, ProposalsView, ProposalView, Sighted
from global_directory.transactions import Transactions
from replication.holding.detecting import USUAL, Patience, Proposal, Report, Verdict, go_on, judge, may_act
from replication.holding.duty import Duty

log = structlog.get_logger()

_Change: TypeAlias = tuple[str, Proposal | None, Proposal | None]
MOST_NAMED: Final = 64
"""Regions that one report may name on each side."""


class Detection:
    """Takes reports, and tells which regions are taken for down."""

    def __init__(self, transactions: Transactions, *, clock: Callable[[], int], patience: Patience = USUAL) -> None:
        """Work on a store.

        Args:
            transactions: Runs transactions on it.
            clock: Microseconds since the epoch; see `Duties`.
            patience: How long is waited, and how many have to agree.
        """
        self._transactions = transactions
        self._clock = clock
        self._patience = patience

    async def report(self, region: str, wanted: Sighted) -> ProposalsView:
        """Take in what a region sees, and return what follows from everything that is known now; may be repeated.

        Raises:
            UnknownRegionError: No region can have such a name.
            UnknownTellerError: No process of a region is called so.
        """
        rules.check_region(region)
        if wanted.teller not in TELLERS:
            raise UnknownTellerError(tellers=" or ".join(sorted(TELLERS)))
        for name in (*wanted.up[:MOST_NAMED], *wanted.down[:MOST_NAMED], *wanted.planned[:MOST_NAMED]):
            rules.check_region(name)

        async def take(connection: AsyncConnection) -> None:
            await sightings.put_sighted(connection, region, _bounded(wanted), self._clock())

        await self._transactions.run("sighted", take)
        return await self._judge()

    async def proposals(self) -> ProposalsView:
        """Return what is proposed, and whether it still holds; nothing is changed by that."""

        async def operation(connection: AsyncConnection) -> ProposalsView:
            return (await self.known(connection)).view()

        return await self._transactions.run("proposals", operation, changes=False)

    async def _judge(self) -> ProposalsView:
        async def operation(connection: AsyncConnection) -> tuple["Known", list[_Change]]:
            known = await self.known(connection)
            changed = known.go_on(self._patience)
            for region, _, after in changed:
                await sightings.put_proposal(connection, region, after)
            return known, changed

        known, changed = await self._transactions.run("judge_sightings", operation)
        for region, before, after in changed:
            if before is None and after is not None:
                witnesses = sorted(after.witnesses)
                log.warning("a region is taken for down", region=region, epoch=after.epoch, witnesses=witnesses)
            elif before is not None and after is None:
                log.warning("a region is not taken for down any more", region=region, epoch=before.epoch)
        return known.view()

    async def known(self, connection: AsyncConnection) -> "Known":
        """Return what is known at this moment, in a transaction that is under way."""
        now = self._clock()
        duties = {duty.region: duty for duty in await repository.find_duties(connection)}
        reports = _reports(await sightings.find_sighted(connection), now, self._patience.plan)
        verdicts = {
            region: judge(
                region,
                reports,
                regions=duties,
                lease_runs=duty.promised.until > now,
                laid_down=duty.laid_down,
                patience=self._patience,
            )
            for region, duty in duties.items()
        }
        return Known(now, duties, verdicts, await sightings.find_proposals(connection))


@dataclass
class Known:
    """What is known at one moment, and what follows from it.

    Attributes:
        now: Which moment.
        duties: Who holds what.
        verdicts: Region to what its reports amount to.
        kept: What is proposed.
    """

    now: int
    duties: dict[str, Duty]
    verdicts: dict[str, Verdict]
    kept: dict[str, Proposal]

    def go_on(self, patience: Patience) -> list[_Change]:
        """Take over what is proposed from now on; return what changes by that."""
        changed: list[_Change] = []
        for region, duty in self.duties.items():
            before = self.kept.get(region)
            verdict = self.verdicts[region]
            after = go_on(before, verdict, region=region, epoch=duty.epoch, now=self.now, patience=patience)
            if after != before:
                changed.append((region, before, after))
            if after is None:
                self.kept.pop(region, None)
            else:
                self.kept[region] = after
        return changed

    def view(self, policy: str = "", hindrances: Mapping[str, str] | None = None) -> ProposalsView:
        """Return it as it is told.

        Args:
            policy: What follows from it.
            hindrances: Region to why its standby does not take over by itself.
        """
        return ProposalsView(
            tuple(
                ProposalView(
                    region=region,
                    epoch=one.epoch,
                    standby=self.duties[region].standby,
                    seconds=max(0, self.now - one.since) / 1_000_000,
                    witnesses=tuple(sorted(one.witnesses)),
                    holds=one.epoch == self.duties[region].epoch and may_act(one, self.verdicts[region]),
                    hindrance=(hindrances or {}).get(region, ""),
                )
                for region, one in sorted(self.kept.items())
                if region in self.duties
            ),
            policy,
        )


def _bounded(wanted: Sighted) -> Sighted:
    return replace(
        wanted, up=wanted.up[:MOST_NAMED], down=wanted.down[:MOST_NAMED], planned=wanted.planned[:MOST_NAMED]
    )


def _reports(told: Iterable[tuple[str, int, Sighted]], now: int, plan: int) -> dict[str, Report]:
    """Return one report a region: the newest of what its processes see, and every plan that one of them told in the last `plan` microseconds."""
    found: dict[str, Report] = {}
    for region, told_at, sighted in sorted(told, key=lambda one: one[1]):
        known = found.get(region)
        fresh = frozenset(sighted.planned) if now - told_at <= plan else frozenset[str]()
        planned = fresh | (known.planned if known else frozenset())
        if not sighted.sees and known is not None:
            found[region] = Report(known.age, known.up, known.down, planned)
        elif not sighted.sees:
            found[region] = Report(2**53, planned=planned)
        else:
            found[region] = Report(max(0, now - told_at), frozenset(sighted.up), frozenset(sighted.down), planned)
    return found
