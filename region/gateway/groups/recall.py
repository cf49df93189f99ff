"""What of a conversation is not in this region, since nobody here was a member then: asked of its owner by seq, shown, and kept.

What the owner answers goes through the journal like all else; the projector keeps it where it is missing, and changes nothing by it.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from urllib.parse import parse_qs

import msgspec
import psycopg
import structlog
from msgspec.structs import replace
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.errors import BusyError, CausewayError, NotFoundError, TooLargeError, UnavailableError
from infra.internal import is_bridged, peer_of
from infra.peers import NotToldError, Peers
from infra.postgres import STORE_FAILURES, Connection, Pool
from infra.telling import told
from region.gateway import repository
from region.gateway.alterations.aftermaths import Sees, aftermaths
from region.gateway.cursors import LARGEST
from region.gateway.groups.repository import held_since
from replication.alterations import ALTERATIONS, NOTHING, blind
from replication.codec import UndecodableRecordError, decode_record, encode_record, version_of
from replication.consistency import object_to_ids, object_to_name
from replication.ids import is_conversation_id, region_of
from replication.limits import object_to_size
from replication.records import Entry
from replication.runs import Runs

log = structlog.get_logger()

PATH: Final = "/internal/history"
ASK_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 3.0
MOST: Final = 201
"""Entries of one answer; a page has one less."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""The largest answer that is read: each entry came in a request of 64 KiB at most."""
VERSION: Final = 3
"""Of the codec, by which entries are told that need no newer one."""
AT_ONCE: Final = 4
MOST_ASKED: Final = 64
"""Questions to owners under way at the same time, each for as many as want the same."""
KEEP_SECONDS: Final = 1.0
"""How long an answer waits until it is in the journal; what could not be kept by then is shown all the same, and asked for again."""
KEPT_SECONDS: Final = 30.0
"""For how long what is in the journal is not appended again: the projector has it by then."""
MOST_KEPT: Final = 20_000
"""Entries of which that is remembered."""

RECALLED: Final = Counter(
    "causeway_gateway_recalled_entries_total", "Entries that were asked of their owners.", ["owner"]
)
DISBELIEVED: Final = Counter(
    "causeway_gateway_disbelieved_entries_total",
    "Entries that owners told, and that no honest region makes.",
    ["owner"],
)
TOLD: Final = Counter("causeway_gateway_history_told_total", "Entries that other regions asked for.", ["region"])

Keep = Callable[[Entry], Awaitable["asyncio.Future[int] | None"]]
"""Appends an entry to the journal; returns what is done when the journal has it, if that takes a while."""
Question = tuple[str, int, int, int, bool]
"""Conversation, first and last seq, how many at most, and whether the newest of them."""


class History(msgspec.Struct, frozen=True):
    """The owner's answer: encoded entries, by codec version `version`."""

    entries: list[msgspec.Raw]
    version: int = VERSION


_decoder = msgspec.msgpack.Decoder(History)
_encoder = msgspec.msgpack.Encoder()


class Recall:
    """Asks owners for entries."""

    def __init__(self, *, peers: Peers, keep: Keep, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare.

        Args:
            peers: What asks the others' gateways.
            keep: Appends what was answered to this region's journal.
            clock: Seconds, monotonic.
        """
        self._peers = peers
        self._keep = keep
        self._clock = clock
        self._under_way: dict[Question, asyncio.Task[list[Entry]]] = {}
        self._keeping = asyncio.Lock()
        self._on_way: set[asyncio.Future[int]] = set()
        self._kept: OrderedDict[tuple[str, int], float] = OrderedDict()

    async def newest(self, conversation_id: str, wanted: Runs, *, most: int) -> list[Entry]:
        """Return the newest of the wanted entries, in order.

        Raises:
            BusyError: Too much is asked for at the moment.
            UnavailableError: Their owner does not answer.
        """
        found: list[Entry] = []
        for first, last in reversed(wanted):
            if len(found) < most:
                found = [*await self._ask(conversation_id, first, last, most - len(found), newest=True), *found]
        return found

    async def oldest(self, conversation_id: str, wanted: Runs, *, most: int) -> list[Entry]:
        """Return the oldest of the wanted entries, in order; see `newest`."""
        found: list[Entry] = []
        for first, last in wanted:
            if len(found) < most:
                found += await self._ask(conversation_id, first, last, most - len(found), newest=False)
        return found

    async def _ask(self, conversation_id: str, first: int, last: int, most: int, *, newest: bool) -> list[Entry]:
        """Ask the owner; whoever wants the same meanwhile is told by the same answer."""
        question = (conversation_id, first, last, most, newest)
        asking = self._under_way.get(question)
        if asking is None:
            if len(self._under_way) >= MOST_ASKED:
                raise BusyError(what="Looking for what was said before")
            asking = asyncio.create_task(self._asked(conversation_id, first, last, most, newest=newest))
            self._under_way[question] = asking
            asking.add_done_callback(lambda done: self._forget(question, done))
        return await asyncio.shield(asking)

    def _forget(self, question: Question, asked: "asyncio.Task[list[Entry]]") -> None:
        del self._under_way[question]
        if not asked.cancelled():
            asked.exception()  # whoever wanted it may be gone

    async def _asked(self, conversation_id: str, first: int, last: int, most: int, *, newest: bool) -> list[Entry]:
        owner = region_of(conversation_id)
        if not self._peers.trusts(owner):
            raise UnavailableError(what=f"The region {owner}")
        query = {
            "conversation_id": conversation_id,
            "first": str(first),
            "last": str(last),
            "most": str(min(most, MOST)),
            "newest": "1" if newest else "",
        }
        try:
            content = await self._peers.ask(owner, PATH, query, most=MOST_BYTES, seconds=ASK_SECONDS)
            history = _decoder.decode(content)
            entries = [decode_record(raw, history.version) for raw in history.entries]
        except (NotToldError, msgspec.DecodeError, UndecodableRecordError, ValueError) as error:
            log.warning("history not told", owner=owner, reason=type(error).__name__)
            raise UnavailableError(what=f"What was said before, which is in {owner},") from error
        asked = [
            entry
            for entry in entries
            if isinstance(entry, Entry) and entry.conversation_id == conversation_id and first <= entry.seq <= last
        ]
        good = _acceptable(asked)
        good = good[-most:] if newest else good[:most]
        if len(good) < len(entries):
            log.warning("history not believed", owner=owner, entries=len(entries) - len(good))
            DISBELIEVED.labels(owner).inc(len(entries) - len(good))
        RECALLED.labels(owner).inc(len(good))
        await self._keep_all(good)
        return good

    async def _keep_all(self, entries: Sequence[Entry]) -> None:
        """Append what was answered, so that it need not be asked for again; if that fails, it will be.

        One answer at a time, and the next once the journal has it: so what people send always finds room there.
        """
        now = self._clock()
        new = [entry for entry in entries if self._kept.get((entry.conversation_id, entry.seq), now) <= now]
        if not new:
            return
        try:
            async with asyncio.timeout(KEEP_SECONDS), self._keeping:
                await self._acknowledged()
                for entry in new:
                    await self._append(entry)
                done = await self._acknowledged()
        except TimeoutError:
            log.info("history not kept", problem="the journal is slow")
            return
        except CausewayError as error:
            log.warning("history not kept", problem=told(error))
            return
        if any(one.cancelled() or one.exception() is not None for one in done):
            log.warning("history not kept", problem="the journal did not acknowledge it")
            return
        for entry in new:
            self._kept[entry.conversation_id, entry.seq] = self._clock() + KEPT_SECONDS
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    async def _append(self, entry: Entry) -> None:
        with contextlib.suppress(TooLargeError):  # it is shown, and asked for again
            if (appended := await self._keep(entry)) is not None:
                self._on_way.add(appended)

    async def _acknowledged(self) -> set["asyncio.Future[int]"]:
        """Wait until nothing is on its way to the journal any more; return what was."""
        if not self._on_way:
            return set()
        done, self._on_way = await asyncio.wait(self._on_way)
        return done


async def _as_seen(connection: Connection, found: Sequence[Entry], sees: Sees) -> list[Entry]:
    """Return what the users of a region may see, with what was made of it, as far as they may see that."""
    seen = [entry for entry in found if sees(entry.seq)]
    made = await aftermaths(connection, seen, sees)
    return [
        replace(entry, body=blind(entry.body))
        if isinstance(entry.body, ALTERATIONS) and not sees(entry.body.target_seq)
        else replace(entry, aftermath=made.get(entry.seq, NOTHING))
        for entry in seen
    ]


def _acceptable(entries: Sequence[Entry]) -> list[Entry]:
    """Leave out what no honest region makes, and what is out of order or told twice: what an ingester would not let pass either."""
    good: list[Entry] = []
    for entry in entries:
        follows = not good or entry.seq > good[-1].seq
        if follows and not (object_to_size(entry) or object_to_ids(entry) or object_to_name(entry)):
            good.append(entry)
    return good


class Historian:
    """An ASGI app that answers `GET /internal/history` to regions whose users may see it, and passes everything else on."""

    def __init__(self, app: ASGIApp, *, region: str, store: Pool) -> None:
        """Wrap the app of the internal port."""
        self._app = app
        self._region = region
        self._store = store
        self._making = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of any kind."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        try:
            content = await self._tell(scope)
        except CausewayError as error:
            await answer_problem(send, error)
            return
        await answer(send, 200, content, b"application/msgpack")

    async def _tell(self, scope: Scope) -> bytes:
        asker = peer_of(scope)
        if asker is None or is_bridged(scope):
            raise NotFoundError(what="path")  # a device's, whatever region carries it
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=8)
        conversation_id = query.get("conversation_id", [""])[0]
        try:
            first, last, most = (int(query[name][0]) for name in ("first", "last", "most"))
        except (KeyError, ValueError):
            raise NotFoundError(what="history") from None
        if not is_conversation_id(conversation_id) or region_of(conversation_id) != self._region:
            raise NotFoundError(what="history")
        if not (0 < first <= last < LARGEST and 0 < most <= MOST):
            raise NotFoundError(what="history")
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._making, self._store.connection() as connection:
                members = await held_since(connection, conversation_id, asker)
                if query.get("newest"):
                    found = await repository.entries_below(connection, conversation_id, seq=last + 1, most=most)
                    found = [entry for entry in reversed(found) if entry.seq >= first]
                else:
                    found = await repository.entries_above(
                        connection, conversation_id, seq=first - 1, most=most, top=last
                    )
                seen = await _as_seen(connection, found, lambda seq: any(one.may_see(seq) for one in members))
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="The store of the owner") from error
        TOLD.labels(asker).inc(len(seen))
        version = max((VERSION, *map(version_of, seen)))
        return _encoder.encode(History([encode_record(entry) for entry in seen], version))
