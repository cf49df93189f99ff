"""What was taken in of each way before a region's duties came to be held here: it stands in the store, which came along; Kafka's commits did not.

Decision 3 keeps progress in Kafka's commit metadata, which stays behind when duties move. So an ingester that ends because they are handed over writes it
into the store, last of all; and whoever reads the same ways elsewhere begins with it, in a group of consumers of its own for each epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.schema.repository import connect
from infra.settings import RegionalSettings
from replication.progress import group_of
from replication.turns.repository import keep_intakes, read_intakes, read_turn


@dataclass(frozen=True, slots=True)
class Brought:
    """What the store says.

    Attributes:
        epoch: In which the duties are held here.
        store: URL of the store in which is kept what was taken in; empty where the duties are never handed over.
        places: Way and partition to progress, as in the metadata of commits: how it was when the epoch before ended.
    """

    epoch: int = 1
    store: str = ""
    places: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @classmethod
    async def read(cls, settings: RegionalSettings) -> "Brought":
        """Ask the store. Where no duties can be held elsewhere than at home, a region that lost records of its journal has begun anew all the same.

        Raises:
            psycopg.Error: It does not answer.
        """
        async with await connect(settings.store, name=f"{settings.instance} progress") as connection:
            turn = await read_turn(connection)
            epoch = 1 if turn is None else turn.epoch
            places = {} if turn is None else await read_intakes(connection, before=epoch)
        return cls(epoch, settings.store if settings.region in settings.sites else "", places)

    async def write(self, way: str, places: Mapping[int, str]) -> None:
        """Keep what a way has come to, if the duties are being handed over; it is the last thing that is done about it.

        Args:
            way: Which.
            places: Partition to progress.

        Raises:
            psycopg.Error: It is not kept; whoever reads on takes in again what it finds, which is dropped as had.
        """
        if self.store:
            async with await connect(self.store, name="progress") as connection:
                await keep_intakes(connection, {(way, partition): text for partition, text in places.items()})

    def group(self, region: str) -> str:
        """Return the group of consumers whose commits are of this epoch."""
        return group_of(region, self.epoch)

    def progress(self, way: str, partition: int) -> str | None:
        """Return what a partition begins with of which nothing was committed in this epoch; None: with nothing."""
        return self.places.get((way, partition))

    def knows(self, way: str, partition: int) -> bool:
        """Whether it is known what was taken in of a partition by the epoch before; a takeover without a plan brings nothing."""
        return self.epoch == 1 or (way, partition) in self.places
