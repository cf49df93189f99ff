"""The client as a whole, over real sockets, with a region that fits a test and fails on demand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import WSCloseCode, web
from aiohttp.test_utils import TestServer

from region.client import (
    Arrived,
    Client,
    LoggedOut,
    LoggedOutError,
    MemoryStore,
    Offline,
    SqliteStore,
    Stage,
    UnreachableError,
    UnsendableError,
)

LIMIT = 20.0

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
async def device(url: str, store: MemoryStore | SqliteStore | None = None) -> AsyncIterator[tuple[Client, Screen]]:
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


async def test_a_message_goes_out_and_comes_back_as_an_entry() -> None:
    """The handle follows it, and the screen shows it."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        message = await (await alice.send("hello", to=BORIS)).outcome()

        assert (message.seq, message.text) == (1, "hello")
        await screen.until(lambda: screen.seqs == [1])
        assert alice.unsettled == ()


async def test_everything_is_shown_once_and_in_order_though_the_connection_breaks_and_entries_are_lost() -> None:
    """Breaks and gaps are repaired; nothing comes twice."""
    region = FakeRegion()
    region.skip = {3, 4, 5, 9}
    async with region.serve() as url, device(url) as (_, screen):
        for number in range(1, 13):
            await region.write(f"message {number}")
            if number % 6 == 0:
                await region.cut()
        await region.write("the last")
        await screen.until(lambda: 13 in screen.seqs)

        assert screen.seqs == list(range(1, 14))
        assert any(isinstance(event, Offline) for event in screen.events)


async def test_what_was_not_acked_is_sent_again_under_the_same_name() -> None:
    """A region that dies before it acks makes no second message, and loses none."""
    region = FakeRegion()
    region.deaf = True
    async with region.serve() as url, device(url) as (alice, screen):
        handles = [await alice.send(f"message {number}", to=f"u{number}") for number in range(3)]
        async with asyncio.timeout(LIMIT):
            while len(region.sends) < 3:
                await region.changed.wait()
        region.deaf = False
        await region.cut()
        for handle in handles:
            await asyncio.wait_for(handle.outcome(), LIMIT)

        assert region.sends == [handle.client_message_id for handle in handles] * 2
        await screen.until(lambda: screen.seqs == [1, 2, 3])


async def test_the_outbox_outlives_the_process(tmp_path: Path) -> None:
    """What was typed without an outcome goes out when the next process takes the store up."""
    region = FakeRegion()
    region.deaf = True
    async with region.serve() as url:
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (alice, _):
            first = await alice.send("typed before the crash", to=BORIS)
        region.deaf = False
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (alice, screen):
            await screen.until(lambda: screen.seqs == [1])

            assert alice.unsettled == ()
            assert set(region.sends) == {first.client_message_id}


async def test_positions_outlive_the_process(tmp_path: Path) -> None:
    """The next process is told what came since, and nothing again."""
    region = FakeRegion()
    async with region.serve() as url:
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (_, screen):
            await region.write("first")
            await screen.until(lambda: screen.seqs == [1])
        await region.write("second")
        async with device(url, SqliteStore(tmp_path / "alice.sqlite")) as (_, screen):
            await screen.until(lambda: screen.seqs == [2])
            await region.write("third")
            await screen.until(lambda: screen.seqs == [2, 3])

        assert region.hellos[-1]["held"] == {CONVERSATION: [1, 1]}


async def test_what_there_was_before_the_first_log_in_is_history() -> None:
    """A new device is told of what comes from now on."""
    region = FakeRegion()
    for number in range(5):
        await region.write(f"old {number}")
    async with region.serve() as url, device(url) as (_, screen):
        await region.write("new")
        await screen.until(lambda: screen.seqs == [6])


async def test_messages_of_others_are_marked_as_received_by_themselves_and_read_on_demand() -> None:
    """Marks go out for what others wrote, not for one's own."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        await (await alice.send("mine", to=BORIS)).outcome()
        await region.write("theirs")
        await screen.until(lambda: screen.seqs == [1, 2])
        shown = next(event for event in reversed(screen.events) if isinstance(event, Arrived))
        alice.mark_read(shown.message)
        async with asyncio.timeout(LIMIT):
            while len(region.marks) < 2:
                await region.changed.wait()

        assert {(mark["type"], mark["seq"]) for mark in region.marks} == {("received", 2), ("read", 2)}


async def test_a_token_that_is_over_is_exchanged_by_itself() -> None:
    """HTTP and WebSocket alike: the user notices nothing."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        region.valid = "something else"
        assert [one async for one in alice.conversations()] == []
        assert region.refreshed == 1
        region.valid = "yet something else"
        await region.cut(4401)
        await region.write("after")
        await screen.until(lambda: screen.seqs == [1])

        assert region.refreshed == 2


async def test_a_session_that_was_ended_elsewhere_is_told() -> None:
    """The user is told, and calls say so."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        region.valid, region.logged_out = "revoked", True
        await region.cut(4401)
        await screen.until(lambda: any(isinstance(event, LoggedOut) for event in screen.events))

        assert not alice.is_logged_in
        with pytest.raises(LoggedOutError):
            await alice.send("too late", to=BORIS)
        with pytest.raises(LoggedOutError):
            await alice.online()


@pytest.mark.parametrize("by_hand", [True, False])
async def test_nothing_of_one_user_is_left_to_the_next_one(*, by_hand: bool) -> None:
    """Neither the outbox nor positions, whether the first one logged out or was logged out elsewhere."""
    region, store = FakeRegion(), MemoryStore()
    async with region.serve() as url:
        await region.write("secret")
        async with device(url, store) as (alice, screen):
            region.deaf = True
            typed = await alice.send("of Alice", to=BORIS)
            if by_hand:
                await alice.log_out()
                with pytest.raises(LoggedOutError):
                    await typed.outcome()
            else:
                region.valid, region.logged_out = "revoked", True
                await region.cut(4401)
            await screen.until(lambda: any(isinstance(event, LoggedOut) for event in screen.events))
            with pytest.raises(LoggedOutError):
                await alice.online()
        region.deaf, region.logged_out, region.user = False, False, "u3"
        region.sends.clear()
        async with device(url, store) as (clara, _):
            assert clara.unsettled == ()
            await (await clara.send("of Clara", to=BORIS)).outcome()

        assert len(region.sends) == 1
        assert region.hellos[-1]["resume"] is None


async def test_what_the_same_user_typed_outlives_a_session_that_ended_elsewhere() -> None:
    """It is sent after the next log-in, and who waits for it is answered."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, screen):
        region.deaf = True
        typed = await alice.send("still mine", to=BORIS)
        region.valid, region.logged_out = "revoked", True
        await region.cut(4401)
        await screen.until(lambda: any(isinstance(event, LoggedOut) for event in screen.events))
        region.deaf = region.logged_out = False
        await alice.log_in("alice", "password")
        async with asyncio.timeout(LIMIT):
            assert (await typed.outcome()).text == "still mine"


async def test_the_next_endpoint_is_used_when_one_does_not_answer() -> None:
    """For HTTP and for the WebSocket."""
    region = FakeRegion()
    async with region.serve() as url, Client(["http://127.0.0.1:9", url], patience=5, listen=False) as alice:
        await alice.log_in("alice", "password")
        async with asyncio.timeout(LIMIT):
            assert await alice.online() == "us"


async def test_nobody_answering_is_an_error_that_says_whether_it_is_definite() -> None:
    """Refused connections did certainly nothing."""
    async with Client(["http://127.0.0.1:9"], patience=0.1) as alice:
        with pytest.raises(UnreachableError) as caught:
            await alice.log_in("alice", "password")
    assert caught.value.definite


@pytest.mark.parametrize("text", ["", "x" * 16385, "ä" * 8193, "\ud800", "\x01" * 11_000])
async def test_what_can_never_be_accepted_is_not_queued(text: str) -> None:
    """It is an error at once, and the outbox stays clean."""
    region = FakeRegion()
    async with region.serve() as url, device(url) as (alice, _):
        with pytest.raises(UnsendableError):
            await alice.send(text, to=BORIS)
        with pytest.raises(UnsendableError):
            await alice.send("to whom?")
        assert alice.unsettled == ()
        assert Stage.QUEUED < Stage.NUMBERED
