"""Asks who stands by for the lease, while the directory says nothing: at the internal port of that region, at its own site, which has the copy."""

import ssl
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from global_directory.holding.schemas import Grant, LeaseRequest
from infra.errors import UnavailableError
from infra.peers import NotToldError, Peers
from replication.holding.lease import USUAL

log = structlog.get_logger()

PATH: Final = "/internal/lease"
"""Where a gateway's internal port renews; not what an edge carries for a device."""
MOST_BYTES: Final = 4096
ASK_SECONDS: Final = 1.5

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Grant)


class StandIn:
    """The region that stands by this one, asked in the directory's stead; `run` holds a connection to it open. That it may be expelled changes nothing: what it grants it has promised."""

    def __init__(self, region: str, standby: str, urls: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            region: This region.
            standby: Who stands by; empty for nobody, who is never asked.
            urls: Region to the URL of its internal port.
        """
        self._standby = standby
        self._peers = Peers(region, {name: url for name, url in urls.items() if name == standby})
        if standby and standby not in urls:
            log.warning("who stands by cannot be asked for the lease: CAUSEWAY_PEERS does not name it", standby=standby)

    async def run(self, tls: ssl.SSLContext | None) -> None:
        """Hold connections open, until cancelled.

        Args:
            tls: How it is verified who answers; None in plain text.
        """
        await self._peers.run(tls)

    async def renew_lease(self, region: str, wanted: LeaseRequest) -> Grant:
        """Ask for the lease of this region.

        Raises:
            UnavailableError: It says nothing, refuses, or grants what was not asked for.
        """
        try:
            answered = await self._peers.ask(
                self._standby, PATH, {}, most=MOST_BYTES, seconds=ASK_SECONDS, content=_encoder.encode(wanted)
            )
            grant = _decoder.decode(answered)
        except (NotToldError, msgspec.DecodeError) as error:
            raise UnavailableError(what=f"The standby of {region}") from error
        if grant != Grant(wanted.holder, wanted.epoch, wanted.boot, wanted.asked_at, USUAL.length):
            raise UnavailableError(what=f"The standby of {region}")
        return grant
