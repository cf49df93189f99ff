"""What the takeover service needs: what stands by here, and for whom."""

from pydantic import BaseModel, Field

from infra.errors import SettingsError
from infra.postgres import elsewhere
from infra.settings import RegionalSettings
from region.evacuation.seats import Seat
from region.standby.copy import name_of


class Held(BaseModel, frozen=True, extra="forbid"):
    """What stands by here for a region.

    Attributes:
        partitions: Of that region's journal.
        services: Its services that are to serve here.
        health: URLs at which their processes tell how they are.
    """

    partitions: int = Field(ge=1, le=4096)
    services: frozenset[str] = Field(min_length=1)
    health: tuple[str, ...] = Field(min_length=1)


class TakeoverSettings(RegionalSettings):
    """What the takeover service needs.

    Attributes:
        takes_over: Region to what stands by here for it, of each that is to be taken over by itself.
    """

    takes_over: dict[str, Held] = Field(default_factory=dict)

    def check(self) -> None:
        """Check that there is something to do, and that others are named.

        Raises:
            SettingsError: There is not, or they are not.
        """
        if not self.takes_over:
            raise SettingsError(problems="CAUSEWAY_TAKES_OVER: nobody is stood by for; leave the service takeover out")
        if strange := sorted(set(self.takes_over) - {one for one, site in self.sites.items() if site == self.region}):
            problem = f"CAUSEWAY_TAKES_OVER: {', '.join(strange)} may not be held here, as CAUSEWAY_STANDBYS says"
            raise SettingsError(problems=problem)

    def seats(self, region: str) -> tuple[Seat, Seat]:
        """Return where a region's duties are at home, which is not asked, and where they are to go."""
        held = self.takes_over[region]
        zones = self.legal_zones
        others = tuple(name.strip() for name in self.regions.split(",") if name.strip() not in {"", region})

        def seat(site: str, store: str, kafka: str) -> Seat:
            return Seat(region, site, store, kafka, held.partitions, others, None, held.services, held.health, zones)

        return seat(region, "", ""), seat(self.region, elsewhere(self.store, name_of(region)), self.kafka)
