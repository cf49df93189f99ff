"""A part killed that others stand in for: over once it stands in for them, too."""

import asyncio

from chaos.drill.faults.injector import Supervisor
from chaos.drill.faults.parts import PartFault
from chaos.drill.schedule import Kind
from chaos.judge.spans import kind_of_part
from infra.administration import out_of_sync
from infra.kafka import KafkaError
from infra.local.control import Status

KAFKA = "kafka"
LOOK_SECONDS = 1.0
"""How often a Kafka is asked what it lacks: each time is a connection of its own."""


class ReplicaKilled(PartFault):
    """Kills a part; a broker is well again only when it has everything that the others have, or two were lost at once when the next one is killed.

    Args:
        target: The part.
        before: How everything was.
        ask: Asks the supervisor.
    """

    def __init__(self, target: str, before: Status, ask: Supervisor) -> None:
        """Prepare."""
        super().__init__(Kind.KILL, target, before, ask)
        self._bootstrap = ",".join(f"127.0.0.1:{port}" for port in brokers_beside(target, before))

    async def recovered(self) -> None:
        """Wait until it is well by its own account; of a broker, until no partition lacks a copy."""
        await super().recovered()
        while self._bootstrap and await self._lacks():  # noqa: ASYNC110  # Kafka tells only who asks
            await asyncio.sleep(LOOK_SECONDS)

    async def _lacks(self) -> bool:
        try:
            return bool(await out_of_sync(self._bootstrap))
        except KafkaError:
            return True


def brokers_beside(target: str, status: Status) -> tuple[int, ...]:
    """Return the ports of a region's brokers, if the part is one of them; none of any other part."""
    region = target.partition("/")[0]
    if kind_of_part(target) != KAFKA or region not in status.regions:
        return ()
    return tuple(
        part.ports[KAFKA] for name, part in sorted(status.regions[region].parts.items()) if KAFKA in part.ports
    )
