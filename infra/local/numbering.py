"""Which part listens where, so that nothing has to be looked up.

Ports follow from the base port. Global parts have base+0…; the region at place i (us 0, eu 1, ap 2) has base+100·(i+1)…:

    +0 public  +1 gateway  +2…+8 admin  +9 media  +10 kafka  +11 controller  +20+j kafka for region j
    +30 postgres  +31 redis  +32 gate to the store's changes  +33 admin of the standby service  +34+j its way to j's store  +40+j link to j's kafka  +50+j link to j's gateway  +53+j link to j's media
    +56+j link to the gate of j's store  +59 admin of a second projector
    +60 link to the directory  +61…+68 links to what is held at other sites  +70…+77 the blob store
    +80+10·k … for the k-th region whose duties may be held here: +0 gateway  +1 media  +2…+8 admin

Where a region's Kafka has three brokers, the second and the third take the two ports after 11 each, and the three after 22 and 42 each.
"""

from dataclasses import dataclass

from infra.local.federation import REGIONS


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one region.

    Attributes:
        first: Its first port; the others follow, as the module says.
    """

    first: int

    @classmethod
    def of(cls, base: int, region: str) -> "Ports":
        """Return a region's ports."""
        return cls(base + 100 * (REGIONS.index(region) + 1))

    @property
    def public(self) -> int:
        """Where users connect."""
        return self.first

    @property
    def gateway(self) -> int:
        """Where other regions connect."""
        return self.first + 1

    @property
    def media(self) -> int:
        """Where other regions fetch blobs."""
        return self.first + 9

    @property
    def blobs(self) -> dict[str, int]:
        """The blob store, by role."""
        roles = ("master", "master-grpc", "volume", "volume-grpc", "filer", "filer-grpc", "s3", "s3-grpc")
        return {role: self.first + 70 + place for place, role in enumerate(roles)}

    def kafka(self, broker: int = 1) -> int:
        """A broker, for its own region."""
        return self.first + 8 + 2 * broker

    def controller(self, broker: int = 1) -> int:
        """A broker, for the other brokers."""
        return self.kafka(broker) + 1

    def kafka_for(self, peer: str, broker: int = 1) -> int:
        """A broker's listener for a peer region."""
        return self.first + 17 + 3 * broker + REGIONS.index(peer)

    @property
    def postgres(self) -> int:
        """The store."""
        return self.first + 30

    @property
    def redis(self) -> int:
        """Redis."""
        return self.first + 31

    @property
    def gate(self) -> int:
        """Where the standby comes for the store's changes."""
        return self.first + 32

    @property
    def standby_admin(self) -> int:
        """Where the standby service serves health and metrics."""
        return self.first + 33

    def approach(self, held: str) -> int:
        """Where the way to the store of a region begins that this one stands by for."""
        return self.first + 34 + REGIONS.index(held)

    def link_to_gate(self, held: str) -> int:
        """This region's end of the link to the gate of such a store."""
        return self.first + 56 + REGIONS.index(held)

    @property
    def second_projector_admin(self) -> int:
        """Where a second projector serves health and metrics."""
        return self.first + 59

    def link_to_kafka(self, peer: str, broker: int = 1) -> int:
        """This region's end of the link to a broker of a peer."""
        return self.first + 37 + 3 * broker + REGIONS.index(peer)

    def link_to_gateway(self, peer: str) -> int:
        """This region's end of the link to a peer's gateway."""
        return self.first + 50 + REGIONS.index(peer)

    def link_to_media(self, peer: str) -> int:
        """This region's end of the link to a peer's media service."""
        return self.first + 53 + REGIONS.index(peer)

    def link_to_held(self, place: int) -> tuple[int, int]:
        """This region's ends of the links to what is held at another site, gateway and media, by its place among all that may be."""
        return self.first + 61 + 2 * place, self.first + 62 + 2 * place

    def held(self, place: int = 0) -> int:
        """The first port of what is held here, by its place among what may be."""
        return self.first + 80 + 10 * place

    @property
    def link_to_directory(self) -> int:
        """This region's end of the link to the directory."""
        return self.first + 60

    def admin(self, place: int) -> int:
        """Where the region's service process of that place serves health and metrics."""
        return self.first + 2 + place
