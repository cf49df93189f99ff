"""Takes what devices and other regions say of who types and whose profile has changed, and has it told; whatever cannot be told at once is shed, and nobody waits."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
import psycopg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.bodies import GoneError, read_body
from infra.errors import CausewayError, MalformedRequestError, NotFoundError
from infra.internal import is_bridged, peer_of
from infra.postgres import STORE_FAILURES, Pool
from infra.tasks import heed_cancellation
from region.delivery import interest_key, signs_channel
from region.gateway.rates import Book, Rate
from region.gateway.signs import metrics
from region.gateway.signs.carriers import PATH, Carriers
from region.gateway.signs.repository import fellows_of, homes_of
from region.gateway.signs.typing import LATE_SECONDS, MOST_TOLD, Carried, Plan, Sign, Told, pairs_of, plan
from region.store.repository.restraints import restraints_of
from replication.codec import DAMAGE
from replication.ids import is_channel_id

log = structlog.get_logger()

MOST_WAITING: Final = 500
"""Signs that wait; other regions' take up half of that at most."""
MOST_AT_ONCE: Final = 100
PAUSE_SECONDS: Final = 0.05
"""Between two batches, so that many make one question to the store."""
SECONDS: Final = 1.0
"""After which a store or a Redis that does not answer is given up."""
AGAIN: Final = Rate(1, 2)
"""How often one user is told to type in one conversation; a device says it every three seconds."""
CHANGES: Final = Rate(20, 60)
"""How often it is told that one user has changed their profile, which one may do as often."""
EACH: Final = Rate(10, 10)
"""How often one user is told to type anywhere."""

_decoder = msgspec.json.Decoder(list[Carried])
_encoder = msgspec.msgpack.Encoder()


class Typists:
    """Has it told who types; `run` is to run beside it."""

    def __init__(
        self,
        *,
        region: str,
        store: Pool,
        redis: Redis,
        carriers: Carriers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            region: This region.
            store: Where it is read who is a member, and who blocks whom.
            redis: Where it stands whose devices are where, and what tells their gateways.
            carriers: Tell other regions.
            clock: Seconds, monotonic.
        """
        self._region = region
        self._store = store
        self._redis = redis
        self._carriers = carriers
        self._clock = clock
        self._said = Book()
        self._waiting: deque[Sign] = deque()
        self._came = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def typed(self, user_id: str, conversation_id: str) -> None:
        """Take in that a device says that its user types; in a channel nobody is told."""
        if is_channel_id(conversation_id):
            return
        if self._said.take(user_id, EACH, self._clock()) > 0:
            metrics.TYPING["often"].inc()
            return
        self._offer(Carried(conversation_id, user_id), self._region, MOST_WAITING)

    def changed(self, user_id: str) -> None:
        """Take in that a user who lives here has changed their profile."""
        self._offer(Carried("", user_id), self._region, MOST_WAITING)

    def heard(self, region: str, signs: Iterable[Carried]) -> None:
        """Take in what another region says of its users."""
        for sign in signs:
            if sign.is_from(region):
                self._offer(sign, region, MOST_WAITING // 2)

    def _offer(self, what: Carried, origin: str, most: int) -> None:
        now = self._clock()
        rate = AGAIN if what.conversation_id else CHANGES
        if not what.conversation_id and any(sign.what == what for sign in self._waiting):
            return  # it is read anew all the same
        if self._said.take(f"{what.user_id} {what.conversation_id}", rate, now) > 0:
            metrics.TYPING["often"].inc()
        elif len(self._waiting) >= most:
            metrics.TYPING["busy"].inc()
        else:
            self._waiting.append(Sign(what, origin, now))
            self._came.set()

    async def run(self) -> None:
        """Have it told, many at once, until cancelled."""
        while True:
            heed_cancellation()
            self._came.clear()
            if self._waiting:
                await self._tell([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))])
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await self._came.wait()

    async def _tell(self, taken: list[Sign]) -> None:
        earliest = self._clock() - LATE_SECONDS
        signs = [sign for sign in taken if sign.at >= earliest]
        metrics.TYPING["late"].inc(len(taken) - len(signs))
        if not signs:
            return
        try:
            async with asyncio.timeout(SECONDS):
                planned = await self._plan(signs)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError):
            metrics.TYPING["store"].inc(len(signs))
            return
        metrics.TYPING["busy"].inc(planned.shed)
        for region, some in planned.elsewhere.items():
            self._carriers.offer(region, some)
        try:
            async with asyncio.timeout(SECONDS):
                await self._publish(planned.here)
        except (RedisError, OSError, TimeoutError):
            metrics.TYPING["redis"].inc(len(planned.here))

    async def _plan(self, signs: list[Sign]) -> Plan:
        async with self._store.connection() as connection:
            members = await homes_of(connection, {sign.what.conversation_id for sign in signs} - {""})
            for user_id in {sign.what.user_id for sign in signs if not sign.what.conversation_id}:
                members[user_id] = await fellows_of(connection, user_id, most=MOST_TOLD)
            pairs = pairs_of(signs, members, region=self._region)
            blocked = (await restraints_of(connection, pairs, ())).blocked if pairs else frozenset()
        return plan(signs, members, blocked, region=self._region)

    async def _publish(self, told: list[Told]) -> None:
        users = list(dict.fromkeys(user for one in told for user in one.users))
        if not users:
            return
        async with self._redis.pipeline(transaction=False) as asking:
            for user in users:
                asking.smembers(interest_key(user))
            found = await asking.execute()
        gateways = {user: {name.decode() for name in some} for user, some in zip(users, found, strict=True)}
        by_gateway: dict[str, list[Told]] = {}
        for one in told:
            for gateway in sorted({name for user in one.users for name in gateways[user]}):
                there = tuple(user for user in one.users if gateway in gateways[user])
                by_gateway.setdefault(gateway, []).append(Told(one.conversation_id, one.user_id, there))
        if not by_gateway:
            return
        async with self._redis.pipeline(transaction=False) as telling:
            for gateway, some in by_gateway.items():
                telling.publish(signs_channel(gateway), _encoder.encode(some))
            await telling.execute()

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port, which takes other regions' signs; the rest goes to the app that is given."""

        async def internal(scope: Scope, receive: Receive, send: Send) -> None:
            carried = scope["type"] != "http" or is_bridged(scope)
            if carried or scope["path"] != PATH or scope["method"] != "POST":
                await app(scope, receive, send)
                return
            try:
                region = peer_of(scope)
                if region is None or region == self._region:
                    raise NotFoundError(what="path")
                self.heard(region, _read(await read_body(receive)))
            except GoneError:
                return
            except CausewayError as error:
                await answer_problem(send, error)
            else:
                await answer(send, 200, b"{}")

        return internal


def _read(body: bytes) -> list[Carried]:
    try:
        return _decoder.decode(body)
    except DAMAGE as error:
        raise MalformedRequestError(reason=str(error)) from None
