"""A gateway's part in leases: it keeps its region's, and at the internal port it renews those of the regions that this one stands by for."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from global_directory.holding.schemas import DutyView, Grant, LeaseRequest
from infra.answers import answer, answer_problem
from infra.bodies import GoneError, read_body
from infra.errors import CausewayError, MalformedRequestError
from infra.internal import is_bridged, peer_of
from infra.postgres import Pool
from region.gateway.settings import GatewaySettings
from region.holding.promising import NotPromisedError, Promises
from region.holding.renewal import Lessor, Renewer
from region.holding.stand_in import PATH, StandIn
from region.holding.tenure import Tenure

METHOD_NOT_ALLOWED: Final = 405

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(LeaseRequest)


class Leases:
    """Leases, as one gateway has to do with them; `run` keeps its own.

    Attributes:
        renewer: Keeps it.
    """

    def __init__(self, settings: GatewaySettings, directory: Lessor, duty: Callable[[str], DutyView | None]) -> None:
        """Prepare.

        Args:
            settings: Of this process.
            directory: Who grants leases.
            duty: Region to what the directory has last said of its duties.
        """
        region, at_home = settings.region, settings.here == settings.region
        self._stand_in = StandIn(region, settings.standby if at_home else "", settings.peers)
        self.renewer = Renewer("gateway", Tenure.of(settings), directory, stand_in=self._stand_in)
        stood_for = [one for one, site in settings.sites.items() if at_home and site == region]
        self._promises = Promises(region, settings.store, stood_for, duty)

    async def run(self, store: Pool, tls: ssl.SSLContext | None) -> None:
        """Keep the lease, and know whose others may be renewed, until cancelled.

        Args:
            store: This region's.
            tls: How it is verified who stands by; None in plain text.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self.renewer.run(store))
            group.create_task(self._stand_in.run(tls))
            group.create_task(self._promises.run())

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port; see `serve`."""
        return serve(app, self._promises)


class Promising(Protocol):
    """Who stands by."""

    async def renew(self, region: str, wanted: LeaseRequest) -> Grant:
        """Return a grant; see `region.holding.promising.Promises`."""
        ...


def serve(app: ASGIApp, promises: Promising) -> ASGIApp:
    """Return the app of the internal port, which renews the lease of the region that asks; the rest goes to the app that is given."""

    async def internal(scope: Scope, receive: Receive, send: Send) -> None:
        carried = scope["type"] != "http" or is_bridged(scope)
        if carried or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        if scope["method"] != "POST":
            await answer(send, METHOD_NOT_ALLOWED, b"{}")
            return
        try:
            wanted = _read(await read_body(receive))
            region = peer_of(scope) or ""
            if wanted.holder != region:  # nobody asks for another
                raise NotPromisedError(standby="This region", region=wanted.holder, epoch=wanted.epoch)
            content = _encoder.encode(await promises.renew(region, wanted))
        except CausewayError as error:
            await answer_problem(send, error)
        except GoneError:
            return
        else:
            await answer(send, 200, content)

    return internal


def _read(content: bytes) -> LeaseRequest:
    try:
        return _decoder.decode(content)
    except msgspec.DecodeError as error:
        raise MalformedRequestError(reason="it asks for no lease") from error
