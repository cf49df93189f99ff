"""The edge's ASGI app: finds the home of each request and has it served there; adds nothing to a local WebSocket but reading its token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from global_directory.client import DirectoryClient
from global_directory.errors import UnknownRegionError
from infra.errors import CausewayError, NotFoundError, UnavailableError
from infra.trunk.client import TrunkPool
from relay.edge import metrics
from relay.edge.errors import RegionUnreachableError, UnknownHomeError
from relay.edge.http import bridge
from relay.edge.messages import REDIRECTED, Answer, Body, send_json, send_problem
from relay.edge.redirects import AskDirectory, GiveUp, Go, Holder, Trail, after_directory, after_refusal
from relay.edge.routing import HandleHome, Here, Home, NoSuchRegion, UserHome, Way, by_token, needs_body, route
from relay.edge.sockets import carry, refuse
from relay.edge.tokens import token_of_socket
from replication.ids import region_of

log = structlog.get_logger()

SOCKET_PATH: Final = "/ws"
NO_SUCH_PATH: Final = 4404
WRONG_CREDENTIALS: Final = 401


@dataclass
class Local:
    """The gateway that runs in this process.

    Attributes:
        app: Its ASGI app; None until it offers itself.
    """

    app: ASGIApp | None = None


@dataclass(frozen=True)
class Edge:
    """The edge of one region.

    Attributes:
        region: This region.
        public_url: Of this region.
        regions: All regions.
        gateways: Region to the URL of its gateway, for those in other processes.
        pools: Region to trunks, for the same.
        local: The gateway in this process; None if there is none.
        directory: Who lives where.
        client: Carries HTTP.
    """

    region: str
    public_url: str
    regions: frozenset[str]
    gateways: Mapping[str, str]
    pools: Mapping[str, TrunkPool]
    local: Local | None
    directory: DirectoryClient
    client: httpx.AsyncClient

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket."""
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif scope["type"] == "http":
            try:
                await self._serve_http(scope, Body(receive), send)
            except CausewayError as error:
                await send_problem(send, error, region=self.region)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != SOCKET_PATH:
            await receive()
            await send({"type": "websocket.close", "code": NO_SUCH_PATH, "reason": "the WebSocket is at /ws"})
            return
        way = by_token(token_of_socket(scope["headers"], scope["query_string"]), self.regions)
        home = way.region if isinstance(way, Home) else self.region
        if home == self.region and self.local is not None and self.local.app is not None:
            await self.local.app(scope, receive, send)
        elif home in self.pools:
            await carry(self.pools[home], home, scope, receive, send)
        else:
            await receive()
            await refuse(send, home)

    async def _serve_http(self, scope: Scope, body: Body, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method == "GET" and path == "/healthz":
            await send_json(send, 200, {"ok": True}, region=self.region)
        elif method == "GET" and path == "/regions":
            await self._list_regions(send)
        else:
            early = await body.read() if needs_body(method, path) else b""
            way = route(
                method, path, query=scope["query_string"], headers=scope["headers"], body=early, regions=self.regions
            )
            try:
                home = await self._find(way)
            except UnavailableError:
                if not isinstance(way, HandleHome) or not way.unknown_is_here:
                    raise
                await self._try_here(scope, body, send)
            else:
                await self._serve_at(home, scope, body, send)

    async def _list_regions(self, send: Send) -> None:
        known = {region.region: region.public_url for region in await self.directory.regions()}
        known.setdefault(self.region, self.public_url)
        listed = [{"region": region, "public_url": url} for region, url in sorted(known.items())]
        await send_json(send, 200, {"regions": listed, "nearest": self.region}, region=self.region)

    async def _find(self, way: Way) -> Home:
        match way:
            case Here():
                return Home(self.region)
            case Home():
                return way
            case NoSuchRegion(region=region):
                known = ", ".join(sorted(self.regions))
                raise UnknownHomeError(
                    field="home_region", reason="there is no such region", region=region, regions=known
                )
            case UserHome(user_id=user_id):
                return await self._home_of(user_id)
            case HandleHome(handle=handle, unknown_is_here=unknown_is_here):
                user = await self.directory.find_handle(handle)
                if user is None and not unknown_is_here:
                    raise NotFoundError(what="user")
                return Home(self.region) if user is None else Home(user.home, user.home_epoch)

    async def _home_of(self, user_id: str) -> Home:
        try:
            user = await self.directory.find_user(user_id)
        except UnavailableError:
            if region_of(user_id) not in self.regions:
                raise
            return Home(region_of(user_id))  # where the user was born knows more
        if user is None:
            raise NotFoundError(what="user")
        return Home(user.home, user.home_epoch)

    async def _try_here(self, scope: Scope, body: Body, send: Send) -> None:
        """Log a local user in while the directory is away; that the credentials are wrong is not known then."""
        answer = Answer(send, self.region, keep=frozenset({REDIRECTED, WRONG_CREDENTIALS}))
        await self._ask(self.region, scope, body, answer)
        if answer.kept:
            raise UnavailableError(what="The directory")

    async def _serve_at(self, home: Home, scope: Scope, body: Body, send: Send) -> None:
        """Have the holder of the home's duties serve a request, following 421s by the rule."""
        trail = Trail(Holder(home.region, home.epoch))
        while True:
            holder = trail.last.holder
            answer = Answer(send, holder)
            await self._ask(holder, scope, body, answer)
            if not answer.kept:
                return
            metrics.FOLLOWED.labels(holder).inc()
            if answer.redirect is not None:
                self.directory.note_holder(home.region, answer.redirect.holder, answer.redirect.epoch)
            step = after_refusal(trail, answer.redirect)
            if isinstance(step, AskDirectory):
                step = after_directory(step.trail, await self._holder(home.region))
            if isinstance(step, GiveUp):
                raise RegionUnreachableError(region=home.region)
            assert isinstance(step, Go)
            trail = step.trail

    async def _holder(self, region: str) -> Holder | None:
        try:
            found = await self.directory.holder_of(region)
            epochs = {known.region: known.epoch for known in await self.directory.regions()}
        except (UnavailableError, UnknownRegionError):
            return None
        return Holder(found.region, epochs[region])

    async def _ask(self, region: str, scope: Scope, body: Body, answer: Answer) -> None:
        if region == self.region and self.local is not None:
            if self.local.app is None:
                raise UnavailableError(what="This region's gateway")
            await self.local.app(scope, body.replay(), answer)
        elif region in self.pools and self.pools[region].unreachable:
            raise RegionUnreachableError(
                region=region
            )  # the trunks notice within seconds, which spares each request its timeout
        elif region in self.gateways:
            await bridge(self.client, self.gateways[region], region, scope=scope, body=await body.read(), send=answer)
        else:
            raise RegionUnreachableError(region=region)
