"""The presence of users who live here, told to their friends alone: for its own gateways, and for other regions about theirs."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec
import psycopg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.errors import BusyError, CausewayError, MalformedRequestError, NotFoundError
from infra.internal import is_bridged, peer_of
from infra.postgres import STORE_FAILURES, Pool
from region.delivery import ALIVE_SECONDS, GATEWAYS, interest_key, seen_key
from region.gateway.signs import metrics
from region.gateway.signs.presence import UNKNOWN, Presence, presence_of
from region.gateway.signs.repository import friends_among
from replication.ids import is_user_id, region_of

PATH: Final = "/internal/presence"
"""Where a gateway's internal port tells; not what an edge carries for a device."""
MOST: Final = 100
"""Users of one question."""
AT_ONCE: Final = 8
"""Questions of one region's users that are answered at the same time; one more is given up, not kept waiting."""
SECONDS: Final = 1.0
"""After which a store or a Redis that does not answer is given up."""

_encoder = msgspec.json.Encoder()


class Residents:
    """Tells how users who live here are there."""

    def __init__(self, *, region: str, instance: str, store: Pool, redis: Redis) -> None:
        """Prepare.

        Args:
            region: This region.
            instance: This gateway; a Redis that does not know it is being filled anew, and believed nothing.
            store: Where it is read who are friends.
            redis: Where it stands whose devices are connected.
        """
        self._region = region
        self._instance = instance
        self._store = store
        self._redis = redis
        self._answering: Counter[str] = Counter()

    async def of(self, viewer: str, users: Collection[str]) -> dict[str, Presence]:
        """Return how these users are there, unknown of whoever is not the viewer's friend, and of all when it cannot be told.

        Raises:
            BusyError: Too many ask.
        """
        home = region_of(viewer)
        if self._answering[home] >= AT_ONCE:
            metrics.PRESENCE["busy"].inc()
            raise BusyError(what="Presence")
        self._answering[home] += 1
        try:
            return {**dict.fromkeys(users, UNKNOWN), **await self._of(viewer, users)}
        finally:
            self._answering[home] -= 1

    async def _of(self, viewer: str, users: Collection[str]) -> Mapping[str, Presence]:
        here = {user for user in users if is_user_id(user) and region_of(user) == self._region}
        try:
            async with asyncio.timeout(SECONDS), self._store.connection() as connection:
                friends = sorted(await friends_among(connection, viewer, here)) if here else []
        except (*STORE_FAILURES, psycopg.Error, TimeoutError):
            metrics.PRESENCE["store"].inc()
            return {}
        try:
            async with asyncio.timeout(SECONDS):
                return await self._look(friends) if friends else {}
        except (RedisError, OSError, TimeoutError):
            metrics.PRESENCE["redis"].inc()
            return {}

    async def _look(self, users: list[str]) -> Mapping[str, Presence]:
        async with self._redis.pipeline(transaction=False) as asking:
            asking.time()
            asking.zrange(GATEWAYS, 0, -1, withscores=True)
            asking.mget([seen_key(user) for user in users])
            for user in users:
                asking.smembers(interest_key(user))
            (now, _), gateways, seen, *present = await asking.execute()
        alive = {gateway.decode() for gateway, said_at in gateways if said_at >= now - ALIVE_SECONDS}
        if self._instance not in alive:
            metrics.PRESENCE["redis"].inc()
            return {}
        there = ({gateway.decode() for gateway in one} for one in present)
        return {user: presence_of(one, alive, at) for user, one, at in zip(users, there, seen, strict=True)}

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port, which answers other regions; the rest goes to the app that is given."""

        async def internal(scope: Scope, receive: Receive, send: Send) -> None:
            carried = scope["type"] != "http" or is_bridged(scope)
            if carried or scope["path"] != PATH:
                await app(scope, receive, send)
                return
            try:
                viewer, users = _read(scope["query_string"])
                if region_of(viewer) != peer_of(scope):
                    raise NotFoundError(what="user")  # whose friends are where is nobody else's to ask
                found = await self.of(viewer, users)
            except CausewayError as error:
                await answer_problem(send, error)
            else:
                await answer(send, 200, _encoder.encode(found))

        return internal


def _read(text: bytes) -> tuple[str, list[str]]:
    try:
        asked = parse_qs(text.decode("ascii"), max_num_fields=4, errors="strict")
    except ValueError as error:
        raise MalformedRequestError(reason="the query is no query") from error
    viewer, users = asked.get("viewer", [""])[0], asked.get("users", [""])[0].split(",", MOST)
    if not is_user_id(viewer) or len(users) > MOST or not all(map(is_user_id, users)):
        raise MalformedRequestError(reason=f"name a viewer, and 1 to {MOST} users")
    return viewer, users
