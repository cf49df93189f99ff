"""Where a federation can be fuzzed: the public ports, as a stranger; and those between regions, as another region that means harm."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from chaos.federation import Status
from chaos.fuzz.wire import Port
from infra.identity import DIRECTORY, host_name
from infra.local.certificates import Files


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
        """Find them; between regions one comes as the region that follows in the alphabet, by its certificate."""
        parts, names = status.parts(), sorted(status.regions)
        after = dict(zip(names, [*names[1:], names[0]], strict=True))
        gateways = {
            name.partition("/")[0]: part.ports["gateway"] for name, part in parts.items() if "gateway" in part.ports
        }
        home = Path(status.home)
        return cls(
            public=tuple(Port(f"{name} public", status.regions[name].public_url) for name in names),
            gateways=tuple(
                _between(home, name, f"{name} gateway", gateways[name], caller=after[name]) for name in names
            ),
            directory=_between(home, DIRECTORY, DIRECTORY, parts[DIRECTORY].ports["http"], caller=names[0]),
        )


def _between(home: Path, name: str, called: str, port: int, *, caller: str) -> Port:
    files = Files.of(home, caller)
    if not files.certificate.exists():
        return Port(called, f"http://127.0.0.1:{port}")
    tls = ssl.create_default_context(cafile=files.authorities)
    tls.load_cert_chain(files.certificate, files.key)
    return Port(called, f"https://127.0.0.1:{port}", tls, host_name(name))
