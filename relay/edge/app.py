"""The edge's ASGI app: finds the home of each request and has it served there; adds next to nothing to a local WebSocket."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import httpx
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from global_directory.client import DirectoryClient
from global_directory.errors import UnknownRegionError
from global_directory.holders import Holders
from global_directory.patience import in_time
from infra.bodies import GoneError
from infra.errors import CausewayError, UnavailableError
from infra.tracing import HEADER
from infra.trunk.client import TrunkPool
from infra.ways import ends, way
from relay.edge import metrics
from relay.edge.device import Device
from relay.edge.errors import RegionUnreachableError, UnknownHomeError
from relay.edge.http import bridge
from relay.edge.messages import REDIRECTED, Answer, Body, send_json, send_problem
from relay.edge.redirects import AskDirectory, GiveUp, Go, Holder, Trail, after_directory, after_refusal
from relay.edge.routing import HandleHome, Here, Home, NoSuchRegion, Way, by_token, needs_body, route
from relay.edge.sockets import GONE, TRY_LATER, carry, refuse
from relay.edge.tokens import token_of_socket

log = structlog.get_logger()

FAILED: Final = 500
SOCKET_PATH: Final = "/ws"
NO_SUCH_PATH: Final = 4404
WRONG_CREDENTIALS: Final = 401
TRACING: Final = frozenset({HEADER.encode(), b"tracestate", b"baggage"})
"""Headers that a device does not decide about: what is sampled, and what traces carry, is the operators' affair."""
BRIDGED_SECONDS: Final = 10.0
"""How long a bridged request may take, with every 421 that is followed, once its body is here; devices wait for 15."""
MOVING_SECONDS: Final = 8.0
"""How long a request, or a device that connects, waits for duties that are being handed over from one site to another."""
MOVED_SECONDS: Final = 0.5
"""How long at most until it tries again, also if nothing was heard of another holder."""
MOST_HELD: Final = 4_096
"""Devices and requests that wait so at a time; whoever comes beyond that is told at once, and comes back by itself."""


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
        gateways: Region to the URL of its gateway, for those in other processes; where its duties may be held elsewhere, also by that way.
        pools: Likewise to trunks.
        local: The gateway in this process; None if there is none.
        directory: Who lives where.
        client: Carries HTTP.
        noted: Region to who holds it, as far as 421s have told; whoever of them cannot be reached is forgotten.
        holders: Who holds what, as far as the directory has told; None where each region holds its own.
        held: One for each who waits just now for duties that are being handed over.
        ending: Set when this process begins to end: nobody waits in it any more for duties that are being handed over.
    """

    region: str
    public_url: str
    regions: frozenset[str]
    gateways: Mapping[str, str]
    pools: Mapping[str, TrunkPool]
    local: Local | None
    directory: DirectoryClient
    client: httpx.AsyncClient
    noted: dict[str, Holder] = field(default_factory=dict)
    holders: Holders | None = None
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    held: set[object] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or WebSocket, outside any trace that a device names."""
        if "headers" in scope:
            untraced = [(name, value) for name, value in scope["headers"] if name.lower() not in TRACING]
            scope = {**scope, "headers": untraced}
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif scope["type"] == "http":
            try:
                await self._serve_http(scope, Body(receive), send)
            except GoneError:
                return
            except CausewayError as error:
                await self.answer_problem(send, error)

    async def answer_problem(self, send: Send, error: CausewayError) -> None:
        """Answer with an error of this edge's own."""
        metrics.count("own", error.status)
        await send_problem(send, error, region=self.region)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if scope["path"] != SOCKET_PATH:
            await send({"type": "websocket.close", "code": NO_SUCH_PATH, "reason": "the WebSocket is at /ws"})
            return
        found = by_token(token_of_socket(scope["headers"], scope["query_string"]), self.regions)
        home = found if isinstance(found, Home) else Home(self.region)
        device = Device(receive, send)
        trail, until = self._trail(home), asyncio.get_running_loop().time() + MOVING_SECONDS
        asked = False
        while True:
            await self._carry(trail.last, scope, device.begin(), device.send)
            if device.redirect is not None:
                self._note(device.redirect)
            if device.turned_away:
                try:
                    trail = await self._follow(trail, device.redirect, home)
                    asked = trail.asked_directory
                    continue
                except RegionUnreachableError:
                    asked = True
                    await refuse(device.send, home.region)
            if device.leaving is None:
                return
            if not await self._may_move(trail.last.region, until, device):
                if device.is_gone:
                    return
                if device.leaving["code"] == TRY_LATER:
                    metrics.REFUSED_SOCKETS.labels(home.region).inc()
                with contextlib.suppress(*GONE):
                    await device.let_go()
                return
            trail = replace(self._trail(home), asked_directory=asked)  # once for all that it is held

    async def _carry(self, holder: Holder, scope: Scope, receive: Receive, send: Send) -> None:
        region = self._way(holder)
        if region == self.region and self.local is not None and self.local.app is not None:
            await self.local.app(scope, receive, send)
        elif region in self.pools:
            await carry(self.pools[region], ends(region)[0], scope, receive, send)
            if self.pools[region].unreachable:
                self.noted.pop(holder.region, None)
        else:
            await receive()
            await refuse(send, region)

    async def _serve_http(self, scope: Scope, body: Body, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method == "GET" and path == "/healthz":
            await send_json(send, 200, {"ok": True}, region=self.region)
        elif method == "GET" and path == "/regions":
            await self._list_regions(send)
        else:
            early = await body.read() if needs_body(method, path) else b""
            found = route(method, path, headers=scope["headers"], body=early, regions=self.regions)
            try:
                home = await self._find(found)
            except UnavailableError:  # only who logs in is looked up here
                await self._try_here(scope, body, send)
            else:
                await self._serve_at(home, scope, body, send)

    async def _list_regions(self, send: Send) -> None:
        known = {region.region: region.public_url for region in await in_time(self.directory.regions())}
        known.setdefault(self.region, self.public_url)
        listed = [{"region": region, "public_url": url} for region, url in sorted(known.items())]
        metrics.count("own", 200)
        await send_json(send, 200, {"regions": listed, "nearest": self.region}, region=self.region)

    async def _find(self, found: Way) -> Home:
        match found:
            case Here():
                return Home(self.region)
            case Home():
                return found
            case NoSuchRegion(region=region):
                known = ", ".join(sorted(self.regions))
                raise UnknownHomeError(
                    field="home_region", reason="there is no such region", region=region, regions=known
                )
            case HandleHome(handle=handle):
                user = await in_time(self.directory.find_handle(handle))
                return Home(self.region) if user is None else Home(user.home, user.user_id)

    async def _try_here(self, scope: Scope, body: Body, send: Send) -> None:
        """Log a local user in while the directory is away; that the credentials are wrong is not known then."""
        answer = Answer(send, self.region, edge=self.region, keep=frozenset({REDIRECTED, WRONG_CREDENTIALS}))
        await self._ask(self.region, scope, body, answer)
        if answer.kept:
            raise UnavailableError(what="The directory")
        self._count(self.region, answer)

    async def _serve_at(self, home: Home, scope: Scope, body: Body, send: Send) -> None:
        """Have the holder of the home's duties serve a request, following 421s by the rule."""
        trail, until = self._trail(home), asyncio.get_running_loop().time() + MOVING_SECONDS
        while True:
            holder = self._way(trail.last)
            answer = Answer(send, ends(holder)[0], edge=self.region)
            try:
                await self._ask(holder, scope, body, answer)
            except RegionUnreachableError as error:
                self.noted.pop(trail.last.region, None)
                # What was asked and not answered may have been done: only who asked can repeat it, by its ids.
                if not error.definite or not await self._may_move(trail.last.region, until):
                    raise
                trail = replace(self._trail(home), asked_directory=trail.asked_directory)
                continue
            if not answer.kept:
                self._count(holder, answer)
                return
            trail = await self._follow(trail, answer.redirect, home)

    def _count(self, region: str, answer: Answer) -> None:
        """Count what the gateway of a region answered; one that ended without an answer failed."""
        served = "here" if region == self.region and self.local is not None else "bridged"
        metrics.count(served, answer.status or FAILED)

    def _trail(self, home: Home) -> Trail:
        noted = self.noted.get(home.region, Holder(home.region, home.region, 0))
        if self.holders is not None and (told := self.holders.held(home.region)).epoch > noted.epoch:
            return Trail(Holder(home.region, told.site, told.epoch))
        return Trail(noted)

    def _way(self, holder: Holder) -> str:
        """Return the way to where duties are held; if it has no name of its own, the holder's gateway serves them."""
        name = way(holder.region, holder.holder)
        return name if name in self.gateways or name == self.region else holder.holder

    async def _may_move(self, region: str, until: float, device: Device | None = None) -> bool:
        """Wait a moment for duties that are between two sites; whether it is worth another try: not where a device leaves meanwhile.

        Nothing was done: so whoever asked need not know that a region is just being handed over.
        """
        if self.holders is None or region not in self.holders.movable or self.ending.is_set():
            return False
        if asyncio.get_running_loop().time() >= until or len(self.held) >= MOST_HELD:
            return False
        waits = [asyncio.ensure_future(self.holders.wait())]
        leaves = None if device is None else asyncio.ensure_future(device.leaves())
        if leaves is not None:
            waits.append(leaves)
        self.held.add(waits[0])
        metrics.HELD.set(len(self.held))
        try:
            done, _ = await asyncio.wait(waits, timeout=MOVED_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return leaves not in done
        finally:
            self.held.discard(waits[0])
            metrics.HELD.set(len(self.held))
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _follow(self, trail: Trail, redirect: Holder | None, home: Home) -> Trail:
        """Return where to go after a 421.

        Raises:
            RegionUnreachableError: Nobody is known who would serve it.
        """
        metrics.FOLLOWED.labels(trail.last.holder).inc()
        if redirect is not None:
            self._note(redirect)
            if redirect.region != home.region and home.user_id is not None:
                self.directory.forget(home.user_id)
        step = after_refusal(trail, redirect)
        if isinstance(step, AskDirectory):
            found = await self._holder(trail.last.region)
            if found is not None:
                self._note(found)
            step = after_directory(step.trail, found)
        if isinstance(step, GiveUp):
            raise RegionUnreachableError(region=home.region)
        assert isinstance(step, Go)
        return step.trail

    def _note(self, told: Holder) -> None:
        """Remember whom to ask first from now on; epochs only rise."""
        known = self.noted.get(told.region)
        if told.region in self.regions and (known is None or told.epoch > known.epoch):
            self.noted[told.region] = told
            self.directory.note_holder(told.region, told.holder, told.epoch)

    async def _holder(self, region: str) -> Holder | None:
        try:
            found = await in_time(self.directory.holder_of(region))
            epochs = {known.region: known.epoch for known in await in_time(self.directory.regions())}
        except (UnavailableError, UnknownRegionError):
            return None
        return Holder(region, found.region, epochs[region])

    async def _ask(self, region: str, scope: Scope, body: Body, answer: Answer) -> None:
        pool = self.pools.get(region)
        if region == self.region and self.local is not None:
            if self.local.app is None and self.holders is not None and region in self.holders.movable:
                raise RegionUnreachableError(region=region)
            if self.local.app is None:
                raise UnavailableError(what="This region's gateway")
            await self.local.app(scope, body.replay(), answer)
        elif region not in self.gateways or (pool is not None and pool.unreachable):
            raise RegionUnreachableError(region=ends(region)[0])
        else:
            content = await body.read()
            await bridge(
                self.client,
                self.gateways[region],
                ends(region)[0],
                scope=scope,
                body=content,
                send=answer,
                deadline=body.complete_at + BRIDGED_SECONDS,
                pool=pool,
            )
