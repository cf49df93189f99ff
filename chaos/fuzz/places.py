"""Where a federation can be fuzzed: the public ports, and those that only other regions should reach."""

from dataclasses import dataclass
from typing import Self

from chaos.federation import Status
from chaos.fuzz.wire import Port


@dataclass(frozen=True, slots=True)
class Places:
    """Ports by what listens there.

    Attributes:
        public: Of each region, where devices connect; in the order of their names.
        gateways: Of each region, where other regions connect.
        directory: Where regions ask it.
    """

    public: tuple[Port, ...]
    gateways: tuple[Port, ...]
    directory: Port

    @classmethod
    def of(cls, status: Status) -> Self:
        """Find them."""
        parts = status.parts()
        gateways = {
            name.partition("/")[0]: part.ports["gateway"] for name, part in parts.items() if "gateway" in part.ports
        }
        return cls(
            public=tuple(Port(f"{name} public", region.public_url) for name, region in sorted(status.regions.items())),
            gateways=tuple(
                Port(f"{name} gateway", f"http://127.0.0.1:{port}") for name, port in sorted(gateways.items())
            ),
            directory=Port("directory", f"http://127.0.0.1:{parts['directory'].ports['http']}"),
        )
