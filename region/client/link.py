"""Keeps a device connected: opens WebSockets one after another, and carries out what the pure connection asks for."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Iterable, Sequence

import aiohttp

from region.client.api import Api
from region.client.backoff import Backoff, longer
from region.client.connection import (
    Action,
    Advance,
    Compare,
    Connection,
    Keep,
    KeepMarks,
    Postpone,
    Ready,
    Repair,
    Settle,
    Tell,
    Transmit,
)
from region.client.dispatch import Dispatch
from region.client.errors import ClientError, LoggedOutError
from region.client.events import LoggedOut, Offline, Online
from region.client.frames import Message, Position, Read, Received, decode
from region.client.handles import Stage
from region.client.outbox import Item
from region.client.session import Session
from region.client.stores import Saved
from region.client.transport import Transport

WELCOME_SECONDS = 20.0
CALM_SECONDS = 10.0
"""After so long without being turned down, the pauses begin small again."""
PAGE = 200
UNAUTHORIZED = 401
MALFORMED_HELLO, BAD_TOKEN = 4400, 4401
COME_BACK = frozenset({1001, 1012, 4408, 4429, BAD_TOKEN})
"""Close codes after which the same endpoint is the right one."""


class Link:
    """The connection of one session, with its tasks.

    Attributes:
        socket: The WebSocket of the moment, or the last one.
    """

    def __init__(self, transport: Transport, api: Api, session: Session, dispatch: Dispatch) -> None:
        """Prepare; nothing runs before `start`."""
        self._transport = transport
        self._api = api
        self._session = session
        self._dispatch = dispatch
        self._connection = Connection()
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._outgoing: deque[str] = deque()
        self._outgoing_filled = asyncio.Event()
        self._state_changed = asyncio.Event()
        self._region = ""
        self._me = ""
        self._welcome_limit: asyncio.Timeout | None = None
        self._ended: ClientError | None = LoggedOutError()
        self._postponing = Backoff(first=0.5, cap=4.0)
        self._postponed_at = 0.0

    def start(self, saved: Saved) -> None:
        """Connect, with what an earlier run has left."""
        self._connection = Connection(
            resume=saved.resume, positions=saved.positions, items=saved.items, marks=saved.marks
        )
        self._dispatch.begin(saved.items, saved.resume)
        self._ended = None
        self._me = self._session.tokens.user_id
        self._spawn(self._stay_connected(first=saved.resume is None and not saved.positions))

    async def stop(self) -> None:
        """Disconnect."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._connection.lost()

    def end(self, error: LoggedOutError) -> None:
        """The session is over."""
        self._ended = error
        self._connection.lost()
        self._dispatch.tell(LoggedOut(error))
        self._wake()

    async def online(self) -> str:
        """Wait until connected; return the region that serves the user."""
        while not self._connection.online:
            if self._ended is not None:
                raise self._ended
            await self._state_changed.wait()
        return self._region

    def type(self, item: Item) -> None:
        """Send a message that is safe in the store."""
        self._perform(self._connection.type(item))

    def mark(self, mark: Received | Read) -> None:
        """Send a mark."""
        self._perform(self._connection.mark(mark))

    def typing(self, conversation_id: str) -> None:
        """Say that the user types there."""
        self._perform(self._connection.typing(conversation_id))

    def watch(self, user_ids: Sequence[str]) -> None:
        """Ask how these are there, from now on."""
        self._perform(self._connection.watch(user_ids))

    async def _stay_connected(self, *, first: bool) -> None:
        backoff = Backoff()
        refused: str | None = None
        while True:
            endpoint = self._transport.endpoint
            reason, fail_over = "the connection was closed", True
            token: str | None = None
            try:
                token = await self._session.access_token(unlike=refused)
                if first:
                    await self._begin_now()
                    first = False
                code = await self._converse(token, backoff)
                reason, fail_over = f"the connection was closed with code {code}", code not in COME_BACK
                refused = token if code == BAD_TOKEN else None
                if code == MALFORMED_HELLO:
                    self._connection.start_over()
            except LoggedOutError as error:
                self.end(error)
                return
            except aiohttp.WSServerHandshakeError as error:
                reason = f"{endpoint} answered {error.status}"
                refused = token if error.status == UNAUTHORIZED else None
                fail_over = refused is None
            except (ClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = f"{endpoint} does not answer: {type(error).__name__}"
            self._lose(reason)
            if fail_over:
                self._transport.fail_over(endpoint)
            asked, self._connection.away_for = self._connection.away_for, 0.0
            await asyncio.sleep(backoff.after(asked))

    async def _begin_now(self) -> None:
        """Take what there is already as history: only what comes later is told."""
        positions = {
            one.conversation_id: Position(one.epoch, one.head) async for one in self._api.conversations() if one.head
        }
        watched = self._connection.watched
        self._connection = Connection(positions=positions, items=self._connection.unsettled)
        self._connection.watched = watched

    async def _converse(self, token: str, backoff: Backoff) -> int | None:
        async with self._transport.socket(token) as socket:
            self.socket = socket
            self._outgoing.clear()
            self._perform(self._connection.opened())
            writer = asyncio.create_task(self._write(socket))
            try:
                async with asyncio.timeout(WELCOME_SECONDS) as self._welcome_limit:
                    async for message in socket:
                        if message.type is not aiohttp.WSMsgType.TEXT:
                            continue
                        self._perform(self._connection.received(decode(message.data)))
                        if self._connection.online:
                            backoff.reset()
                        await self._dispatch.room()
            finally:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
            return socket.close_code

    async def _write(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            while self._outgoing:
                await socket.send_str(self._outgoing.popleft())
            self._outgoing_filled.clear()
            await self._outgoing_filled.wait()

    def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Transmit(text=text):
                    self._outgoing.append(text)
                    self._outgoing_filled.set()
                case Repair():
                    self._spawn(self._repair(action))
                case Compare():
                    self._spawn(self._compare())
                case Postpone(seconds=seconds):
                    self._spawn(self._retry(seconds))
                case Ready(region=region, complete=complete):
                    self._come_online(region, complete=complete)
                case Tell() | Keep() | KeepMarks() | Advance() | Settle():
                    self._dispatch.perform(action, me=self._me)

    def _come_online(self, region: str, *, complete: bool) -> None:
        self._region = region
        if self._welcome_limit is not None:
            self._welcome_limit.reschedule(None)
        self._dispatch.tell(Online(region, self._transport.endpoint))
        self._wake()
        if not complete:
            self._spawn(self._look_after_handles())

    async def _repair(self, repair: Repair) -> None:
        backoff = Backoff(first=0.5)
        query = {"conversation_id": repair.conversation_id, "limit": str(PAGE), "after": repair.after.cursor}
        while True:
            if repair.patiently or backoff.attempts:
                await asyncio.sleep(backoff.next())
            try:
                page = await self._api.history(query)
            except LoggedOutError:
                return
            except ClientError:
                backoff.next()
                continue
            self._perform(self._connection.page(repair.conversation_id, page.messages))
            return

    async def _compare(self) -> None:
        backoff = Backoff(first=0.5)
        while True:
            try:
                heads = [(one.conversation_id, one.head) async for one in self._api.conversations()]
            except LoggedOutError:
                return
            except ClientError:
                await asyncio.sleep(backoff.next())
                continue
            self._perform(self._connection.heads(heads))
            return

    async def _retry(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._postponed_at > CALM_SECONDS:
            self._postponing.reset()
        self._postponed_at = now
        pause = self._postponing.next()
        await asyncio.sleep(max(pause, longer(seconds)))
        self._perform(self._connection.retry())

    async def _look_after_handles(self) -> None:
        """Ask for messages that somebody waits for: their marks may have risen unseen."""
        for handle in self._dispatch.awaiting_marks:
            with contextlib.suppress(ClientError):
                message: Message = await self._api.message(handle.message_id)
                self._dispatch.advance(handle, Stage.NUMBERED, message)

    def _lose(self, reason: str) -> None:
        was_online = self._connection.online
        self._connection.lost()
        self._outgoing.clear()
        self._wake()
        if was_online:
            self._dispatch.tell(Offline(reason))

    def _wake(self) -> None:
        changed, self._state_changed = self._state_changed, asyncio.Event()
        changed.set()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
