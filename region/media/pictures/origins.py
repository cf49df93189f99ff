"""Ask the region where a picture was brought whether it is for everybody: of other regions' users and channels nothing is known here.

Between gateways, at their internal ports. The bytes come as those of other blobs do; see `region.media.fetching`.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs

import msgspec
import psycopg
import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.errors import BusyError, CausewayError, NotFoundError, UnavailableError
from infra.internal import is_bridged
from infra.peers import NotToldError, Peers
from infra.postgres import STORE_FAILURES, Pool
from region.media.pictures.repository import shown_to_anybody
from replication.ids import is_blob_id, region_of
from replication.pictures import Picture, objection_to

log = structlog.get_logger()

PATH: Final = "/internal/pictures"
ASK_SECONDS: Final = 1.5
MOST_BYTES: Final = 4096
MOST_ASKED: Final = 64
"""Questions under way at the same time."""
KNOWN_SECONDS: Final = 60.0
"""For how long an answer is believed: so long a picture may be opened elsewhere after it was taken away."""
UNKNOWN_SECONDS: Final = 5.0
"""For how long it is believed that there is no such picture: so long one that was just set may not be opened elsewhere."""
MOST_KNOWN: Final = 10_000
"""Answers that are remembered, of either kind."""
AT_ONCE: Final = 4
"""Readings of the store for other regions at the same time; who comes meanwhile waits."""
SECONDS: Final = 1.0
"""After which who waits is turned away."""

ASKED: Final = Counter(
    "causeway_gateway_pictures_asked_total",
    "Questions about pictures to where they were brought.",
    ["region", "result"],
)

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Picture)


class Origins:
    """Asks the other regions, and answers them."""

    def __init__(
        self,
        *,
        region: str,
        peers: Peers,
        store: Pool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            peers: What asks the others' gateways.
            store: Of this region.
            clock: Seconds, monotonic.
        """
        self._region = region
        self._peers = peers
        self._store = store
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Picture | None]] = OrderedDict()
        self._asked = 0
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def find(self, blob_id: str) -> Picture | None:
        """Return a picture that is for everybody, as its origin tells; None if it is none.

        Raises:
            BusyError: Too many ask at the moment.
            UnavailableError: The origin does not answer.
        """
        origin = region_of(blob_id)
        if not self._peers.trusts(origin):
            return None
        known = self._known.get(blob_id)
        if known is not None and self._clock() < known[0]:
            return known[1]
        if self._asked >= MOST_ASKED:
            raise BusyError(what="Looking for pictures")
        self._asked += 1
        try:
            found = await self._ask(origin, blob_id)
        finally:
            self._asked -= 1
        self._known.pop(blob_id, None)
        self._known[blob_id] = self._clock() + (UNKNOWN_SECONDS if found is None else KNOWN_SECONDS), found
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return found

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port, which answers other regions; the rest goes to the app that is given."""

        async def internal(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] != PATH or is_bridged(scope):
                await app(scope, receive, send)
                return
            try:
                picture = await self._tell(scope["query_string"])
            except CausewayError as error:
                await answer_problem(send, error)
            else:
                await answer(send, 200, _encoder.encode(picture))

        return internal

    async def _tell(self, query: bytes) -> Picture:
        blob_id = parse_qs(query.decode("latin-1"), max_num_fields=8).get("blob_id", [""])[0]
        if not is_blob_id(blob_id) or region_of(blob_id) != self._region:
            raise NotFoundError(what="picture")
        try:
            async with asyncio.timeout(SECONDS), self._reading, self._store.connection() as connection:
                picture = await shown_to_anybody(connection, blob_id, here=self._region)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="The store") from error
        if picture is None:
            raise NotFoundError(what="picture")
        return picture

    async def _ask(self, origin: str, blob_id: str) -> Picture | None:
        try:
            content = await self._peers.ask(origin, PATH, {"blob_id": blob_id}, most=MOST_BYTES, seconds=ASK_SECONDS)
            found = _decoder.decode(content)
        except NotToldError as error:
            if error.status == NotFoundError.status:
                ASKED.labels(origin, "unknown").inc()
                return None
            raise self._silent(origin, error) from error
        except (msgspec.DecodeError, ValueError) as error:
            raise self._silent(origin, error) from error
        if found.blob_id != blob_id or objection_to(found):
            ASKED.labels(origin, "wrong").inc()
            return None
        ASKED.labels(origin, "answered").inc()
        return found

    def _silent(self, origin: str, error: Exception) -> UnavailableError:
        log.warning("picture not found out", region=origin, problem=str(error) or type(error).__name__)
        ASKED.labels(origin, "silent").inc()
        return UnavailableError(what=f"The region {origin}")
