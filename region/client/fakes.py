"""For tests of programs that use the library: a region of one conversation that fails on demand, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import WSCloseCode, web
from aiohttp.test_utils import TestServer

from region.client.client import Client
from region.client.events import Arrived
from region.client.stores import Store

LIMIT = 20.0
"""How long a test waits for what it expects, seconds."""
CONVERSATION = "d1"
ALICE, BORIS = "u1", "u2"


class FakeRegion:
    """Numbers messages and tells everybody, unless told to fail.

    Attributes:
        log: The conversation, from seq 1.
        deaf: Whether sends are swallowed, as by a process that is killed before it acks.
        skip: Seqs that are not told live, as by a fan-out that lost them.
        refreshed: How often a token was exchanged.
        valid: The access token that is good.
        logged_out: Whether the session has ended.
        user: Who logs in.
        sends: Client message ids of the sends that came, in order, repeated ones as well.
        hellos: What devices said first.
        marks: What they marked.
    """

    def __init__(self) -> None:
        self.log: list[dict[str, object]] = []
        self.deaf = False
        self.skip: set[int] = set()
        self.refreshed = 0
        self.valid = "access0"
        self.logged_out = False
        self.user = ALICE
        self.sends: list[str] = []
        self.hellos: list[dict[str, object]] = []
        self.marks: list[dict[str, object]] = []
        self.changed = asyncio.Event()
        self._sockets: set[web.WebSocketResponse] = set()

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[str]:
        """Serve it; yield its URL."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/register", self._tokens),
                web.post("/login", self._tokens),
                web.post("/token", self._refresh),
                web.get("/messages", self._history),
                web.get("/conversations", self._conversations),
                web.get("/ws", self._socket),
                web.post("/logout", self._log_out),
            ]
        )
        server = TestServer(app)
        await server.start_server()
        try:
            yield str(server.make_url("/")).rstrip("/")
        finally:
            await self.cut()
            await server.close()

    async def cut(self, code: int = WSCloseCode.GOING_AWAY) -> None:
        """Close all WebSockets."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def write(self, text: str, *, author: str = BORIS, name: str | None = None) -> None:
        """Number a message and tell everybody."""
        message = {
            "message_id": f"m{len(self.log) + 1}",
            "conversation_id": CONVERSATION,
            "sender_id": author,
            "recipient_id": BORIS if author == ALICE else ALICE,
            "text": text,
            "seq": len(self.log) + 1,
            "epoch": 1,
            "status": "unread",
            "sent_at": "2026-01-01T00:00:00.000Z",
            "queued_for": None,
        } | ({"client_message_id": name} if name else {})
        self.log.append(message)
        if message["seq"] not in self.skip:
            for socket in list(self._sockets):
                await socket.send_json({"type": "entry", "message": message, "hops": [["us.gateway", 1]]})

    def _grant(self) -> web.Response:
        return web.json_response(
            {
                "user_id": self.user,
                "handle": self.user,
                "home_region": "us",
                "device_id": "device",
                "access_token": self.valid,
                "refresh_token": f"refresh{self.refreshed}",
                "expires_in": 900,
            }
        )

    async def _tokens(self, request: web.Request) -> web.Response:
        return self._grant()

    async def _log_out(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _refresh(self, request: web.Request) -> web.Response:
        if self.logged_out:
            return self._problem(401, "invalid-token")
        self.refreshed += 1
        self.valid = f"access{self.refreshed}"
        return self._grant()

    def _problem(self, status: int, code: str) -> web.Response:
        problem = {"code": code, "detail": code, "status": status, "definite": True}
        return web.json_response(problem, status=status, content_type="application/problem+json")

    async def _history(self, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bearer {self.valid}":
            return self._problem(401, "invalid-token")
        after = int(request.query["after"].split(".")[1])
        page = self.log[after : after + 2]
        return web.json_response({"conversation_id": CONVERSATION, "messages": page, "next": None, "previous": None})

    async def _conversations(self, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"Bearer {self.valid}":
            return self._problem(401, "invalid-token")
        one = {
            "conversation_id": CONVERSATION,
            "peer_id": BORIS,
            "unread": 0,
            "received": 0,
            "read": 0,
            "head": len(self.log),
            "epoch": 1,
        }
        return web.json_response({"conversations": [one] if self.log else [], "next": None})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] != f"Bearer {self.valid}":
            return self._problem(401, "invalid-token")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = await socket.receive_json()
        self.hellos.append(hello)
        held = (hello["held"] or {}).get(CONVERSATION, [1, 0])[1]
        for message in self.log[held:]:
            await socket.send_json({"type": "entry", "message": message, "hops": []})
        self._sockets.add(socket)
        welcome = {"user_id": ALICE, "device_id": "device", "region": "us", "resume": "token", "complete": True}
        await socket.send_json({"type": "welcome", **welcome})
        try:
            async for raw in socket:
                await self._receive(socket, json.loads(raw.data))
        finally:
            self._sockets.discard(socket)
        return socket

    async def _receive(self, socket: web.WebSocketResponse, frame: dict[str, str]) -> None:
        if frame["type"] == "send":
            name = frame["client_message_id"]
            self.sends.append(name)
            if not self.deaf:
                accepted = {"client_message_id": name, "message_id": f"m-{name}", "conversation_id": CONVERSATION}
                await socket.send_json({"type": "accepted", **accepted})
                known = [message for message in self.log if message.get("client_message_id") == name]
                if known:
                    await socket.send_json({"type": "entry", "message": known[0], "hops": []})
                else:
                    await self.write(frame["text"], author=ALICE, name=name)
        elif frame["type"] in {"read", "received"}:
            self.marks.append(dict(frame))
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


class Screen:
    """What a client shows."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events: list[object] = []
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._look())

    @property
    def seqs(self) -> list[int | None]:
        """The seqs shown, in order."""
        return [event.message.seq for event in self.events if isinstance(event, Arrived)]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it has come true by what was shown."""
        async with asyncio.timeout(LIMIT):
            while not condition():
                await self._changed.wait()

    async def close(self) -> None:
        """Look away."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        async for event in self.client.events():
            self.events.append(event)
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()


@asynccontextmanager
async def device(url: str, store: Store | None = None) -> AsyncIterator[tuple[Client, Screen]]:
    """A device of Alice, logged in and connected, and its screen."""
    async with Client([url], store=store, patience=5) as client:
        if not client.is_logged_in:
            await client.log_in("alice", "password")
        screen = Screen(client)
        try:
            async with asyncio.timeout(LIMIT):
                await client.online()
            yield client, screen
        finally:
            await screen.close()
