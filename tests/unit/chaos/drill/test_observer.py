"""An observer comes back with the token that it was given, reads what it is told that it lacks, and notes all of it."""

import asyncio
from pathlib import Path

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from chaos.drill.observer import Observer
from chaos.judge import events as e
from chaos.judge.ledger import Ledger, read

WITHIN_SECONDS = 20.0


def message(seq: int) -> dict[str, object]:
    """Return an entry of conversation c as a region shows it."""
    return {
        "message_id": f"m{seq}", "conversation_id": "c", "sender_id": "a", "recipient_id": "b",
        "text": f"text {seq}", "seq": seq, "epoch": 1, "status": "read",
    }  # fmt: skip


class Region:
    """A region that ends the first connection after one entry, and over the second says that two more came meanwhile.

    Attributes:
        hellos: Resume tokens of the connections, in order.
        failures: How many readings of pages are turned down before one is answered.
        repaired: Set when a page was served.
    """

    def __init__(self, *, failures: int = 0) -> None:
        """Begin."""
        self.hellos: list[str | None] = []
        self.failures = failures
        self.repaired = asyncio.Event()

    def app(self) -> web.Application:
        """Return it as an application."""
        app = web.Application()
        app.add_routes(
            [web.post("/login", self.log_in), web.get("/messages", self.page), web.get("/ws", self.converse)]
        )
        return app

    async def log_in(self, request: web.Request) -> web.Response:
        """Grant."""
        return web.json_response(
            {"user_id": "b", "access_token": "t", "refresh_token": "r", "expires_in": 900, "handle": "b"}
        )

    async def page(self, request: web.Request) -> web.Response:
        """Serve what follows the first entry."""
        if self.failures:
            self.failures -= 1
            return web.json_response({"code": "unavailable"}, status=503)
        assert request.query["after"] == "1.1"
        self.repaired.set()
        return web.json_response({"conversation_id": "c", "messages": [message(2), message(3)]})

    async def converse(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.hellos.append((await socket.receive_json())["resume"])
        if len(self.hellos) == 1:
            await socket.send_json({"type": "welcome", "resume": "first"})
            await socket.send_json({"type": "entry", "message": message(1), "hops": []})
            await socket.send_json({"type": "pong", "nonce": "unknown to an observer"})
            await socket.close(code=1012)
            return socket
        await socket.send_json({"type": "changed", "conversations": [{"conversation_id": "c", "head": 3, "epoch": 1}]})
        await socket.send_json({"type": "welcome", "resume": "second"})
        async for frame in socket:
            assert frame.type is WSMsgType.CLOSE
        return socket


class Answering(Region):
    """A region that sends three entries of b, and then the second one twice: as the answer to a repeated send, and once more live."""

    async def converse(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = await socket.receive_json()
        self.hellos.append(hello["resume"])
        mine = [{**message(seq), "sender_id": "b"} for seq in (1, 2, 3)]
        live = [{"type": "entry", "message": one, "hops": [["us.delivery", 1]]} for one in mine]
        for frame in (*live, {"type": "entry", "message": mine[1], "hops": []}, live[1]):
            await socket.send_json(frame)
        await socket.send_json({"type": "welcome", "resume": "first"})
        self.repaired.set()
        async for frame in socket:
            assert frame.type is WSMsgType.CLOSE
        return socket


class Readmitting(Region):
    """A region that removes b from a group, lets b in again, and over a new connection tells the last entry before that, too."""

    async def page(self, request: web.Request) -> web.Response:
        """Serve what follows the removal."""
        assert request.query["after"] == "1.2"
        self.repaired.set()
        return web.json_response({"conversation_id": "c", "messages": [message(seq) for seq in (3, 4, 5, 6)]})

    async def converse(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_json()
        removed = {**message(2), "kind": "member_removed", "change": {"user_id": "b"}}
        added = {**message(6), "kind": "member_added", "change": {"user_id": "b"}}
        for one in (message(1), removed, message(5), added, message(7)):
            await socket.send_json({"type": "entry", "message": one, "hops": [["us.delivery", 1]]})
        await socket.send_json({"type": "welcome", "resume": "first"})
        async for frame in socket:
            assert frame.type is WSMsgType.CLOSE
        return socket


class TakenOver(Region):
    """A region that died with two entries that nobody else had; who took over says so by what b holds, and tells that it lacks two others."""

    async def page(self, request: web.Request) -> web.Response:
        """Serve what follows the first entry."""
        assert request.query["after"] == "1.1"
        self.repaired.set()
        again = [{**message(seq), "epoch": 2} for seq in (2, 3)]
        return web.json_response({"conversation_id": "c", "messages": again})

    async def converse(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        hello = await socket.receive_json()
        self.hellos.append(hello["resume"])
        if len(self.hellos) == 1:
            assert hello["held"] is None, "a new device asks for nothing"
            for seq in (1, 2, 3):
                await socket.send_json({"type": "entry", "message": message(seq), "hops": [["us.delivery", 1]]})
            await socket.send_json({"type": "welcome", "resume": "first"})
            await socket.close(code=1012)
            return socket
        assert hello["held"] == {"c": [1, 3]}
        await socket.send_json({"type": "withdrawn", "conversation_id": "c", "seq": 1, "epoch": 1})
        await socket.send_json({"type": "changed", "conversations": [{"conversation_id": "c", "head": 3, "epoch": 2}]})
        await socket.send_json({"type": "welcome", "resume": "second"})
        async for frame in socket:
            assert frame.type is WSMsgType.CLOSE
        return socket


class Unsubscribing(Region):
    """A region with a channel to which b had subscribed while nobody was connected, that tells its third post, and later that b lacks a fourth, after b has left."""

    async def page(self, request: web.Request) -> web.Response:
        """Serve the posts up to the third, or nothing above it."""
        if request.query["after"] != "0.0":
            self.repaired.set()
            return web.json_response({"conversation_id": "c1-us", "messages": []})
        posts = [{**message(1), "conversation_id": "c1-us"}, {**message(5), "conversation_id": "c1-us", "from_seq": 2}]
        return web.json_response({"conversation_id": "c1-us", "messages": posts})

    async def converse(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive_json()
        post = {**message(5), "conversation_id": "c1-us", "from_seq": 4}
        await socket.send_json({"type": "entry", "message": post, "hops": [["us.delivery", 1]]})
        changed = [{"conversation_id": "c1-us", "head": 7, "epoch": 1}]
        await socket.send_json({"type": "changed", "conversations": changed})
        await socket.send_json({"type": "welcome", "resume": "first"})
        async for frame in socket:
            assert frame.type is WSMsgType.CLOSE
        return socket


async def observed(region: Region, path: Path, *, dropped: int = 0) -> list[e.Event]:
    """Return what an observer of that region notes until it has read what it lacks, and come back after its connection was dropped so often."""
    async with TestServer(region.app()) as server:
        with Ledger(path, seed=1) as ledger:
            url = str(server.make_url("/"))
            async with Observer("o0", url, "us", handle="b", password="secret", ledger=ledger) as observer:
                async with asyncio.timeout(WITHIN_SECONDS):
                    await region.repaired.wait()
                assert await observer.is_online(within=WITHIN_SECONDS)
                for _ in range(dropped):
                    known = len(region.hellos)
                    await observer.drop()
                    async with asyncio.timeout(WITHIN_SECONDS):
                        while len(region.hellos) == known:  # noqa: ASYNC110  # a region tells only who asks
                            await asyncio.sleep(0.01)
                    assert await observer.is_online(within=WITHIN_SECONDS)
    return [event for _, event in read(path)]


async def test_it_resumes_and_reads_what_it_lacks(tmp_path: Path) -> None:
    """The second connection says where the first one was, so nothing may be skipped without a word."""
    region = Region()

    noted = await observed(region, tmp_path / "ledger.jsonl")

    assert region.hellos == [None, "first"]
    assert [event.resumed for event in noted if isinstance(event, e.Opened)] == [False, True]
    assert [event.entry.seq for event in noted if isinstance(event, e.Live)] == [1]
    assert [event.head for event in noted if isinstance(event, e.Changed)] == [3]
    assert [entry.seq for event in noted if isinstance(event, e.Page) for entry in event.entries] == [2, 3]


async def test_one_that_is_dropped_comes_back_by_itself(tmp_path: Path) -> None:
    """And says where it was; the end of the connection is noted, so it is known for how long it was away."""
    region = Region()

    noted = await observed(region, tmp_path / "ledger.jsonl", dropped=1)

    assert region.hellos == [None, "first", "second"]
    ways = [type(event) for event in noted if isinstance(event, e.Opened | e.Closed)]
    assert ways[-3:] == [e.Opened, e.Closed, e.Opened]


async def test_what_could_not_be_read_is_read_over_the_next_connection(tmp_path: Path) -> None:
    """The region was away at that moment; the reading is noted as unknown, and done again."""
    region = Region(failures=1)

    noted = await observed(region, tmp_path / "ledger.jsonl")

    assert region.hellos == [None, "first", "first"]
    assert [event.code for event in noted if isinstance(event, e.Info)] == ["not-answered"]
    assert [entry.seq for event in noted if isinstance(event, e.Page) for entry in event.entries] == [2, 3]


async def test_an_answer_to_a_repeated_send_is_told_from_an_entry_that_comes_twice(tmp_path: Path) -> None:
    """The user's other device had repeated a send: all devices of the user are told what became of it, without its way."""
    noted = await observed(Answering(), tmp_path / "ledger.jsonl")

    live = [event for event in noted if isinstance(event, e.Live)]
    assert [event.entry.seq for event in live] == [1, 2, 3, 2, 2]
    assert [event.again for event in live] == [False, False, False, True, False]


async def test_who_is_let_in_again_reads_what_was_meanwhile_whichever_entry_comes_first(tmp_path: Path) -> None:
    """Nothing came live of the time outside, or only the last of it: that is no gap, and is read, as any client does."""
    noted = await observed(Readmitting(), tmp_path / "ledger.jsonl")

    assert [event.kind for event in noted if isinstance(event, e.Invoke)] == ["repair"]
    assert [[one.seq for one in event.entries] for event in noted if isinstance(event, e.Page)] == [[3, 4, 5, 6]]


async def test_a_channel_is_read_by_its_first_post_and_not_beyond_what_may_be_seen(tmp_path: Path) -> None:
    """Nobody is told of a subscription that was made while they were away; and what nobody serves is not asked for over and over."""
    noted = await observed(Unsubscribing(), tmp_path / "ledger.jsonl")

    assert [event.entry.first for event in noted if isinstance(event, e.Live)] == [4]
    assert [[one.seq for one in event.entries] for event in noted if isinstance(event, e.Page)] == [[1, 5], []]


async def test_what_stands_no_more_is_taken_out_and_read_anew(tmp_path: Path) -> None:
    """Only whoever says what it holds is told of that."""
    noted = await observed(TakenOver(), tmp_path / "ledger.jsonl")

    (withdrawn,) = [event for event in noted if isinstance(event, e.Withdrawn)]
    assert (withdrawn.conversation, withdrawn.epoch, withdrawn.seq) == ("c", 1, 1)
    pages = [[(one.epoch, one.seq) for one in event.entries] for event in noted if isinstance(event, e.Page)]
    assert pages == [[(2, 2), (2, 3)]]
