"""Raw WebSockets, connected throughout: what a region sends goes into the ledger as it comes, mended by nobody.

An observer sends nothing but its hello. It resumes with the newest token that it was given, and reads what it is told that it lacks.
"""

import asyncio
import contextlib
import time
from random import Random
from typing import Self

import aiohttp
import msgspec

from chaos.drill.frames import Changed, Entry, Frame, Marks, Resume, Welcome, Withdrawn, read
from chaos.drill.sightings import admits, dismisses, sighting
from chaos.judge import events as e
from chaos.judge.channels import is_channel
from chaos.judge.ledger import Ledger
from infra.errors import CausewayError
from region.client import Message, Page

PATIENCE_SECONDS = 15.0
FAILED = 300
NOBODY_ANSWERS = (aiohttp.ClientError, TimeoutError, OSError)
LEAST_LIFE = 0.5
"""The share of a token's life that must be left."""


class ObserverError(CausewayError):
    """The observer {name} was answered {status} by {path}: {answer}"""  # noqa: D415  # the answer ends it

    code = "observer"
    definite = False


class _Grant(msgspec.Struct):
    user_id: str
    access_token: str
    refresh_token: str
    expires_in: float


class Observer:
    """A second device of a user, without a screen; use it as an async context manager.

    Args:
        name: What the ledger calls it.
        url: Public URL of the region through which it connects.
        region: That region.
        handle: Whose device it is.
        password: Theirs.
        ledger: Where everything is noted.
    """

    def __init__(self, name: str, url: str, region: str, *, handle: str, password: str, ledger: Ledger) -> None:
        self._name = name
        self._url = url
        self._region = region
        self._credentials = {"handle": handle, "password": password, "device_name": "drill observer"}
        self._ledger = ledger
        self._random = Random(name)
        self._resume: str | None = None
        self._grant: _Grant | None = None
        self._fresh_until = 0.0
        self._connections = 0
        self._open: str | None = None
        self._online = asyncio.Event()
        self._held: dict[str, tuple[int, int]] = {}
        self._lacking: dict[str, int] = {}
        self._outside: set[str] = set()
        """Groups that the user belonged to, and does not."""
        self._staying: asyncio.Task[None] | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
        self._http = aiohttp.ClientSession(self._url, timeout=timeout)
        self._staying = asyncio.create_task(self._stay())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
        await self._http.close()

    async def is_online(self, *, within: float) -> bool:
        """Tell whether it is connected, or comes to be in time (seconds)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._online.wait()
        return self._online.is_set()

    async def drop(self) -> None:
        """Lose the connection, as on a train; it comes back by itself, and resumes."""
        if self._socket is not None:
            await self._socket.close()

    async def _stay(self) -> None:
        while True:
            try:
                await self._converse(await self._token())
            except aiohttp.WSServerHandshakeError:
                self._fresh_until = 0.0
            except ObserverError:
                self._grant = None  # the session may be over: the next attempt logs in anew
            except NOBODY_ANSWERS:
                pass  # as at any fault; the next attempt follows
            self._online.clear()
            if self._open is not None:
                self._ledger.note(e.Closed(self._ledger.now(), self._open))
                self._open = None
            await asyncio.sleep(0.5 + self._random.random())

    async def _converse(self, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._http.ws_connect("/ws", headers=headers, heartbeat=PATIENCE_SECONDS, max_msg_size=0) as socket:
            self._socket = socket
            held = None if self._resume is None else self._held  # only by that it is told what stands there no more
            await socket.send_str(msgspec.json.encode({"type": "hello", "resume": self._resume, "held": held}).decode())
            async for raw in socket:
                if raw.type is aiohttp.WSMsgType.TEXT and (frame := read(raw.data)) is not None:
                    self._connected()
                    await self._take(frame)
            if socket.close_code == 4401:  # noqa: PLR2004  # the token is not good; docs/protocol.md
                self._fresh_until = 0.0

    def _connected(self) -> None:
        """Note the connection at the first thing that comes over it: what was missed comes before the welcome."""
        if self._open is None:
            assert self._grant is not None
            self._connections += 1
            self._open = f"{self._name}.{self._connections}"
            self._ledger.note(
                e.Opened(
                    self._ledger.now(), self._open, self._name, self._grant.user_id, self._region,
                    resumed=self._resume is not None, pinned=True,
                )
            )  # fmt: skip

    async def _take(self, frame: Frame) -> None:
        assert self._open is not None
        match frame:
            case Entry(message=message):
                self._ledger.note(
                    e.Live(
                        self._ledger.now(), self._open, message.conversation_id, sighting(message), self._answers(frame)
                    )
                )  # fmt: skip
                await self._taken(message)
            case Marks():
                self._ledger.note(
                    e.Marked(
                        self._ledger.now(), self._name, frame.conversation_id, frame.user_id,
                        frame.epoch, frame.received, frame.read,
                    )
                )  # fmt: skip
            case Withdrawn(conversation_id=name, epoch=epoch, seq=seq):
                self._ledger.note(e.Withdrawn(self._ledger.now(), self._open, name, epoch, seq))
                self._held[name] = min((epoch, seq), self._held.get(name, (0, 0)))
            case Changed(conversations=conversations):
                for one in conversations:
                    self._ledger.note(e.Changed(self._ledger.now(), self._open, one.conversation_id, one.head))
                    self._lacking[one.conversation_id] = one.head
                await self._repair_all()
            case Welcome(resume=token):
                self._resume = token or self._resume
                self._online.set()
                await self._repair_all()
            case Resume(token=token):
                self._resume = token

    def _answers(self, entry: Entry) -> bool:
        """Whether it may answer a send that another device of the user has repeated: such an answer goes to all of them."""
        assert self._grant is not None
        mine = entry.message.sender_id == self._grant.user_id
        return (
            mine and not entry.hops and _place(entry.message) <= self._held.get(entry.message.conversation_id, (0, 0))
        )

    async def _taken(self, message: Message) -> None:
        """Hold it; who was let into a group reads first what was there before, of which nothing came live.

        Or only the last of it came: whoever's connection was renewed meanwhile is told what was put out since, as far as they may see it by now.
        Who was away when they subscribed to a channel is not told of that, but by the first post.
        """
        assert self._grant is not None
        conversation, (_, seq) = message.conversation_id, _place(message)
        held = self._held.get(conversation, (0, 0))[1]
        let_in = admits(message, self._grant.user_id)
        is_new = let_in or conversation in self._outside or (is_channel(conversation) and not held)
        if is_new and (message.from_seq or seq) > held + 1:
            self._lacking[conversation] = max(seq, self._lacking.get(conversation, 0))
            await self._repair_all()
        self._hold(message)
        if let_in or (is_channel(conversation) and is_new and not dismisses(message, self._grant.user_id)):
            self._outside.discard(conversation)
        elif dismisses(message, self._grant.user_id):
            self._outside.add(conversation)

    def _hold(self, message: Message) -> None:
        held = self._held.get(message.conversation_id, (0, 0))
        epoch, seq = _place(message)
        self._held[message.conversation_id] = max((epoch or held[0], seq), held)  # what is hidden has no epoch

    async def _repair_all(self) -> None:
        """Read what it was told that it lacks; if that fails the connection is given up, and over the next one it is read."""
        for conversation, head in list(self._lacking.items()):
            await self._repair(conversation, head)
            del self._lacking[conversation]

    async def _repair(self, conversation: str, head: int) -> None:
        assert self._grant is not None
        while self._held.get(conversation, (0, 0))[1] < head:
            epoch, seq = self._held.get(conversation, (0, 0))
            op = self._ledger.op()
            self._ledger.note(
                e.Invoke(
                    self._ledger.now(), op, "repair", self._name, self._grant.user_id, self._region, conversation
                )
            )  # fmt: skip
            query = {"conversation_id": conversation, "limit": "200", "after": f"{epoch}.{seq}", "log": "true"}
            headers = {"Authorization": f"Bearer {await self._token()}"}
            try:
                page = msgspec.json.decode(await self._call("GET", "/messages", query, headers), type=Page)
            except (*NOBODY_ANSWERS, ObserverError):
                self._ledger.note(e.Info(self._ledger.now(), op, "not-answered"))
                raise
            seen = [message for message in page.messages if message.seq is not None]
            self._ledger.note(e.Page(self._ledger.now(), op, conversation, [sighting(one) for one in seen]))
            self._ledger.note(e.Ok(self._ledger.now(), op, conversation))
            for message in seen:
                self._hold(message)
            if not seen and is_channel(conversation):
                return  # whoever has left it is not shown up to there
            if not seen:
                await asyncio.sleep(0.2)

    async def _token(self) -> str:
        if self._grant is None:
            self._take_grant(await self._call("POST", "/login", body=self._credentials))
        elif time.monotonic() > self._fresh_until:
            self._take_grant(await self._call("POST", "/token", body={"refresh_token": self._grant.refresh_token}))
        assert self._grant is not None
        return self._grant.access_token

    def _take_grant(self, content: bytes) -> None:
        self._grant = msgspec.json.decode(content, type=_Grant)
        self._fresh_until = time.monotonic() + self._grant.expires_in * LEAST_LIFE

    async def _call(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        *,
        body: dict[str, str] | None = None,
    ) -> bytes:
        async with self._http.request(method, path, params=query, headers=headers, json=body) as response:
            content = await response.read()
            if response.status >= FAILED:
                answer = content.decode(errors="replace")[:200]
                raise ObserverError(name=self._name, status=response.status, path=path, answer=answer)
            return content


def _place(message: Message) -> tuple[int, int]:
    return message.epoch or 0, message.seq or 0
