"""WebSockets of devices: the token is checked, the hello read, then frames go in and out until either end has enough."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from random import shuffle
from typing import Final
from urllib.parse import parse_qs

import msgspec
import structlog
from msgspec.structs import replace
from prometheus_client import Counter, Gauge
from starlette.types import Receive, Scope, Send

from infra.errors import (
    BusyError,
    CausewayError,
    InvalidTokenError,
    NotTheHolderError,
    OutcomeUnknownError,
    UnavailableError,
)
from region.accounts.tokens import AccessClaims
from region.gateway import frames
from region.gateway.acknowledging import Acknowledging, Mode
from region.gateway.alterations.composing import Composer, is_plain, plain
from region.gateway.arrivals import Arrival, Arrivals
from region.gateway.callers import Callers
from region.gateway.connection import Connection, Limits, Room
from region.gateway.errors import CrowdedError, RateLimitedError
from region.gateway.frames import Accepted, Resume
from region.gateway.guards import Guards
from region.gateway.hub import Hub
from region.gateway.interest import Interest
from region.gateway.journal import Journal
from region.gateway.markkeeper import MarkKeeper
from region.gateway.outcomes import Expected, InFlight, Outcomes, Sent
from region.gateway.rates import Rate, taken
from region.gateway.recipients import Recipients
from region.gateway.requests import turned_down
from region.gateway.session import (
    BAD_TOKEN,
    MALFORMED_HELLO,
    NOT_THE_HOLDER,
    RATE_LIMITED,
    RESYNC,
    CatchUp,
    Hangup,
    Mark,
    Phase,
    Reply,
    Session,
    Snapshot,
    Submit,
    Typed,
    Watched,
)
from region.gateway.signs import metrics as shed
from region.gateway.submissions import Author, Clerk, now_us

log = structlog.get_logger()

HELLO_SECONDS: Final = 10.0
TRY_AGAIN_LATER: Final = 1013
RESUME_SECONDS: Final = 1.0
AWAY_STEP_SECONDS: Final = 0.05
STRIKES: Final = Rate(2_000, 60)
"""How often a device may send in vain, since it sends too often, before it is cut off."""
CUT_SECONDS: Final = 5
"""How long a device that was cut off is asked to stay away."""

CUT = Counter("causeway_gateway_rate_cuts_total", "Devices that were cut off, since they went on too often.", ["what"])

QUEUED_FRAMES = Gauge("causeway_gateway_queued_frames", "Frames that wait to be written to devices.")
QUEUED_CHARACTERS = Gauge(
    "causeway_gateway_queued_characters", "Characters of frames that wait to be written to devices."
)
BUFFERED_CHARACTERS = Gauge(
    "causeway_gateway_buffered_characters", "Characters of live frames that wait until a snapshot was read."
)
LONGEST_QUEUE = Gauge("causeway_gateway_longest_queue_frames", "Frames that wait to be written to the slowest device.")
SENDS = Counter("causeway_gateway_sends_total", "Messages that devices sent, by what became of them here.", ["result"])
_ACCEPTED, _FAILED = SENDS.labels("accepted"), SENDS.labels("failed")
_TURNED_DOWN = {result: SENDS.labels(result) for result in ("refused", "limited", "unavailable")}


class Sockets:
    """Serves WebSockets."""

    def __init__(
        self,
        *,
        region: str,
        callers: Callers,
        hub: Hub,
        interest: Interest,
        read: Callable[[str, str, CatchUp], Awaitable[Snapshot]],
        recipients: Recipients,
        clerk: Clerk,
        journal: Journal,
        in_flight: InFlight,
        marks: MarkKeeper,
        limits: Limits,
        guards: Guards,
        arrivals: Arrivals,
        frames_rate: Rate,
        composer: Composer,
        outcomes: Outcomes,
        acknowledging: Acknowledging,
        typed: Callable[[str, str], None] = lambda _user, _conversation: None,
        watched: Callable[[Connection, tuple[str, ...]], None] = lambda _device, _users: None,
        gone: Callable[[Connection], None] = lambda _device: None,
        most_queued: int = 128 * 1024 * 1024,
    ) -> None:
        """Prepare; `frames_rate` bounds the frames of one connection, `most_queued` the characters that wait for all devices.

        What passes goes on to others: `typed` is told who types where, `watched` whom a device watches, `gone` which device is gone,
        after all else of it.
        """
        self._guards = guards
        self._arrivals = arrivals
        self._frames_rate = frames_rate
        self._composer = composer
        self._outcomes = outcomes
        self._acknowledging = acknowledging
        self._unanswered: set[asyncio.Task[None]] = set()
        self._typed = typed
        self._watched = watched
        self._gone = gone
        self._region = region
        self._callers = callers
        self._hub = hub
        self._interest = interest
        self._read_snapshot = read
        self._recipients = recipients
        self._clerk = clerk
        self._journal = journal
        self._in_flight = in_flight
        self._marks = marks
        self._limits = limits
        self._room = Room(most_queued)
        self._connections: set[Connection] = set()
        self._ending = False

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket; an ASGI app."""
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept"})
        if self._ending:
            with contextlib.suppress(
                OSError, RuntimeError
            ):  # without a frame: an edge may try again, and the device not notice
                await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": "going away"})
            return
        try:
            arrival = self._arrivals.begin(len(self._connections))
        except CrowdedError as error:
            await _turn_away(send, error)
            return
        try:
            claims = await self._admit(scope, send)
            if claims is not None:
                await self._serve(claims, receive, send, arrival)
        finally:
            arrival.done()

    def send_resume_tokens(self, covered: Mapping[int, int], incarnation: int) -> None:
        """Send a newer resume token to devices that were told something."""
        for device in self._hub.take_told():
            if device.session.phase is Phase.LIVE:
                device.session.cover(covered)
                device.push(frames.encode(Resume(device.session.token(incarnation))))

    def measure(self) -> None:
        """Report how much waits to be written to devices, all together and to the slowest."""
        queued = [connection.queued for connection in self._connections]
        QUEUED_FRAMES.set(sum(frames for frames, _ in queued))
        QUEUED_CHARACTERS.set(sum(characters for _, characters in queued))
        BUFFERED_CHARACTERS.set(sum(connection.session.buffered for connection in self._connections))
        LONGEST_QUEUE.set(max((frames for frames, _ in queued), default=0))

    async def send_away(self, *, within: float) -> None:
        """Tell devices to reconnect, in no order and spread over a while (seconds), and turn new ones away.

        All at once they would return all at once, and the others of this region would feel it.
        """
        self._ending = True
        leaving = list(self._connections)
        shuffle(leaving)
        steps = max(1, int(within / AWAY_STEP_SECONDS))
        for step in range(steps if leaving else 0):
            for connection in leaving[step::steps]:
                connection.go_away()
            await asyncio.sleep(AWAY_STEP_SECONDS)
        await self.close_all()

    async def close_all(self) -> None:
        """Tell all devices to reconnect elsewhere, and wait a moment until they were told."""
        for connection in self._connections:
            connection.go_away()
        endings = [asyncio.ensure_future(connection.ended.wait()) for connection in self._connections]
        if endings:
            _, late = await asyncio.wait(endings, timeout=1.0)
            for ending in late:
                ending.cancel()

    async def _admit(self, scope: Scope, send: Send) -> AccessClaims | None:
        """Return whose device it is; one that may not come in is told why."""
        try:
            async with self._guards.strangers(scope):
                claims = await self._callers.resident(_token(scope))
            await self._guards.connect(claims.sub, claims.device)
        except CausewayError as error:
            await _turn_away(send, error)
            return None
        return claims

    async def _serve(self, claims: AccessClaims, receive: Receive, send: Send, arrival: Arrival) -> None:
        connection = Connection(
            Session(
                user_id=claims.sub,
                device_id=claims.device,
                region=self._region,
                until_accepted=self._acknowledging.is_possible,
            ),
            Author(claims.sub, claims.epoch, claims.device),
            send,
            read=self._read_snapshot,
            reliable=lambda: self._hub.reliable,
            limits=self._limits,
            room=self._room,
            welcomed=arrival.done,
        )
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        reader = asyncio.create_task(self._read(connection, receive))
        ended = asyncio.create_task(connection.ended.wait())
        try:
            await asyncio.wait({reader, ended}, return_when=asyncio.FIRST_COMPLETED)
            if reader.done() and (failure := reader.exception()) is not None:
                raise failure
        finally:
            self._connections.discard(connection)
            if self._hub.leave(connection):
                self._hub.following.forget(claims.sub)
                self._interest.withdraw(claims.sub)
            await connection.end()
            for task in (reader, writer, ended):
                task.cancel()
            await asyncio.gather(reader, writer, ended, return_exceptions=True)
            self._gone(connection)  # it may have watched somebody until now

    async def _read(self, connection: Connection, receive: Receive) -> None:  # noqa: C901 — one arm an instruction
        timer = asyncio.get_running_loop().call_later(
            HELLO_SECONDS, lambda: connection.hang_up(MALFORMED_HELLO, "no hello")
        )
        tat = strikes = 0.0
        try:
            while (message := await receive())["type"] == "websocket.receive":
                tat, wait = taken(tat, self._frames_rate, self._guards.now())
                if wait > 0:
                    await _cut(connection, "frames")
                    return
                instruction = connection.session.receive(message.get("text"))
                match instruction:
                    case Submit():
                        if await self._submit(connection, instruction.send):
                            continue
                        await asyncio.sleep(
                            0
                        )  # a flood is answered without a pause; others have their turn all the same
                        strikes, wait = taken(strikes, STRIKES, self._guards.now())
                        if wait > 0:
                            await _cut(connection, "sends")
                            return
                    case Mark(conversation_id=conversation_id, place=place, read=read):
                        self._hub.sightings.marked(conversation_id, connection.session.user_id, place.seq, at=now_us())
                        self._marks.raise_mark(connection.reader, conversation_id, place, read=read)
                    case Typed(conversation_id=conversation_id):
                        self._have_told(connection.session.user_id, conversation_id)
                    case Watched(users=users):
                        self._watched(connection, users)
                    case Reply(text=text):
                        connection.push(text)
                    case CatchUp():
                        timer.cancel()
                        await self._join(connection, instruction)
                    case Hangup(code=code, reason=reason, text=text):
                        connection.push(text)
                        connection.hang_up(code, reason)
                        await connection.ended.wait()
                        return
        finally:
            timer.cancel()

    def _have_told(self, user_id: str, conversation_id: str) -> None:
        """Have it told that a user types, unless the devices here have enough to read."""
        if self._room.is_pressed:
            shed.TYPING["busy"].inc()
        else:
            self._typed(user_id, conversation_id)

    async def _join(self, connection: Connection, wanted: CatchUp) -> None:
        """Register interest first, then read the snapshot: so nothing falls between."""
        user_id, first = connection.session.user_id, self._hub.join(connection)
        registered = await (self._interest.register(user_id) if first else self._interest.settled(user_id))
        if not registered and self._hub.reliable:
            connection.hang_up(RESYNC, "interest not registered")
            return
        connection.begin(wanted)

    async def _submit(self, connection: Connection, send: frames.Send) -> bool:
        """Append a message; return False if its device sends too often."""
        since, acknowledging = self._acknowledging.now(), self._acknowledging
        author, named = connection.author, send.recipient_id or send.conversation_id or ""
        limited = not self._in_flight.has_room(author.user_id)
        try:
            if limited:
                raise BusyError(what="Your account")
            await self._guards.send(author.user_id, author.device)
            found = self._recipients.known(author.user_id, named) or await self._recipients.find(
                author.user_id, recipient_id=send.recipient_id, conversation_id=send.conversation_id
            )
            submission = self._clerk.message(
                author,
                conversation_id=found[0],
                recipient_id=found[1],
                client_message_id=send.client_message_id,
                composed=plain(send.text) if is_plain(send) else await self._composer.compose(author.user_id, send),
            )
            expected = None
            if acknowledging.mode(found[0]) is Mode.REPLICATED:
                acknowledging.devices.enter()
                expected = self._outcomes.expect(submission.id, submission.content_hash)
            self._in_flight.add(
                submission.id, submission.content_hash, Sent(author.user_id, send.client_message_id, found[0])
            )
            try:
                appended = await self._journal.send(submission)
            except (CausewayError, asyncio.CancelledError):
                self._in_flight.pop(submission.id, submission.content_hash)
                if expected is not None:
                    expected.forget()
                    acknowledging.devices.leave()
                raise
        except CausewayError as error:
            _TURNED_DOWN["limited" if limited else turned_down(error.status)].inc()
            connection.push(frames.error_frame(error, send.client_message_id))
            return not isinstance(error, RateLimitedError)
        accepted = Accepted(send.client_message_id, submission.id, found[0])
        if expected is None:
            appended.add_done_callback(partial(_on_appended, connection, accepted))
        else:
            answering = asyncio.create_task(self._answer(connection, accepted, expected, appended, since))
            self._unanswered.add(answering)
            answering.add_done_callback(self._unanswered.discard)
            answering.add_done_callback(lambda _: acknowledging.devices.leave())
        return True

    async def _answer(
        self,
        connection: Connection,
        accepted: Accepted,
        expected: Expected,
        appended: "asyncio.Future[int]",
        since: float,
    ) -> None:
        """Tell a device that what it sent is accepted once the standby has what became of it, or that this is not known; of a refusal it was told."""
        try:
            told = await self._acknowledging.outcome(expected, appended, since, accepted.message_id)
        except OutcomeUnknownError as error:
            _FAILED.inc()
            connection.push(frames.error_frame(error, accepted.client_message_id))
            return
        if told is not None:
            _ACCEPTED.inc()
            connection.push(frames.encode(replace(accepted, replicated=told)))


async def _cut(connection: Connection, reason: str) -> None:
    """End a connection that goes on although it was told to wait."""
    CUT.labels(reason).inc()
    connection.push(frames.error_frame(RateLimitedError(retry_after=CUT_SECONDS)))
    connection.hang_up(RATE_LIMITED, "rate-limited")
    await connection.ended.wait()


def _on_appended(connection: Connection, accepted: Accepted, appended: "asyncio.Future[int]") -> None:
    if appended.cancelled() or appended.exception() is not None:
        _FAILED.inc()
        error = OutcomeUnknownError(what="The message", message_id=accepted.message_id)
        connection.push(frames.error_frame(error, accepted.client_message_id))
        return
    _ACCEPTED.inc()
    connection.push(frames.encode(accepted))


def _token(scope: Scope) -> str | None:
    """Return the bearer token of the header, or of the query (browsers cannot set headers of a WebSocket)."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" else None
    try:
        values = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=32).get("access_token", [])
    except ValueError:
        return None
    return values[0] if values else None


async def _turn_away(send: Send, error: CausewayError) -> None:
    match error:
        case NotTheHolderError():
            code, reason = NOT_THE_HOLDER, msgspec.json.encode(error.details).decode()
        case InvalidTokenError():
            code, reason = BAD_TOKEN, str(error.details.get("token_problem", error.code))
        case RateLimitedError():
            code, reason = RATE_LIMITED, error.code
        case UnavailableError() | CrowdedError():
            code, reason = TRY_AGAIN_LATER, error.code
        case _:
            code, reason = MALFORMED_HELLO, error.code
    with contextlib.suppress(OSError, RuntimeError):  # the device is gone
        await send({"type": "websocket.send", "text": frames.error_frame(error)})
        await send({"type": "websocket.close", "code": code, "reason": reason})
