"""Who is found in this region: for its own gateways, and for other regions, which ask at the internal port."""

import asyncio
from typing import Final
from urllib.parse import parse_qs

import msgspec
import psycopg
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.errors import CausewayError, MalformedRequestError, UnavailableError
from infra.internal import is_bridged
from infra.postgres import STORE_FAILURES, Connection, Pool
from region.gateway.people.ranking import Found, Hit, Place, Query, Rank, read_cursor, read_query
from region.gateway.people.repository import Named, named, starts_after, with_handle
from replication.pictures import decode_picture

PATH: Final = "/internal/people"
"""Where a gateway's internal port tells; not what an edge carries for a device."""
MOST: Final = 50
"""Users of one page."""
MOST_ROUNDS: Final = 8
"""How often more rows are read for one page; most of a handle's matches match by name as well, and are passed over there."""
AT_ONCE: Final = 4
"""Searches in the store at the same time; who comes meanwhile waits."""
SECONDS: Final = 2.0
"""After which who waits is turned away."""

_encoder = msgspec.json.Encoder()


class Here:
    """Looks among the users who live here."""

    def __init__(self, store: Pool) -> None:
        """Say where they are."""
        self._store = store
        self._looking = asyncio.Semaphore(AT_ONCE)

    async def find(self, query: Query, *, after: Place | None, most: int) -> Found:
        """Return who is found, in order, from behind a place on.

        Args:
            query: What is searched for.
            after: Begin behind it; None for the best.
            most: How many at most; there may be fewer though there are more to come, which `upto` says.

        Raises:
            UnavailableError: The store is away, or too busy.
        """
        try:
            async with asyncio.timeout(SECONDS), self._looking, self._store.connection() as connection:
                return await _find(connection, query, after, most)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="The store") from error

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port, which answers other regions' searches; the rest goes to the app that is given."""

        async def internal(scope: Scope, receive: Receive, send: Send) -> None:
            carried = scope["type"] != "http" or is_bridged(scope)
            if carried or scope["path"] != PATH:
                await app(scope, receive, send)
                return
            try:
                query, after, most = _read(scope["query_string"])
                found = await self.find(query, after=after, most=most)
            except CausewayError as error:
                await answer_problem(send, error)
            else:
                await answer(send, 200, _encoder.encode(found))

        return internal


def _read(text: bytes) -> tuple[Query, Place | None, int]:
    try:
        asked = parse_qs(text.decode("ascii"), max_num_fields=8, errors="strict")
    except ValueError as error:
        raise MalformedRequestError(reason="the query is no query") from error
    most = asked.get("limit", [""])[0]
    if not most.isascii() or not most.isdigit() or not 1 <= int(most[:4]) <= MOST:
        raise MalformedRequestError(reason=f"limit is 1 to {MOST}")
    cursor = asked.get("cursor", [""])[0]
    return read_query(asked.get("query", [""])[0]), read_cursor(cursor) if cursor else None, int(most[:4])


async def _exact(connection: Connection, query: Query) -> list[Hit]:
    """Return who has exactly that handle, findable or not."""
    user = await with_handle(connection, query.handle) if query.handle else None
    if user is None:
        return []
    place = query.place(user.user_id, user.handle, user.display_name, findable=user.findable)
    return [] if place is None else [_hit(place, user)]


async def _find(connection: Connection, query: Query, after: Place | None, most: int) -> Found:
    hits = await _exact(connection, query) if after is None else []
    rounds = 0
    for rank in Rank:
        wanted = query.range(rank)
        if wanted is None or (after is not None and after.rank > rank):
            continue
        begin = after if after is not None and after.rank == rank else None
        while True:
            if hits and len(hits) >= most:
                return Found(hits[:most], hits[most - 1].place)
            places = await starts_after(connection, wanted, rank=rank, after=begin, most=most + 1)
            users = await named(connection, {place.user_id for place in places})
            hits += [_hit(place, users[place.user_id]) for place in places if _stands(query, place, users)]
            rounds += 1
            if len(places) <= most:
                break
            begin = places[-1]
            if rounds >= MOST_ROUNDS:
                return Found(hits[:most], hits[most - 1].place if len(hits) >= most else begin)
    return Found(hits, None) if len(hits) <= most else Found(hits[:most], hits[most - 1].place)


def _stands(query: Query, place: Place, users: dict[str, Named]) -> bool:
    """Whether that is a user's best place: who is found twice is shown once, and who is called otherwise by now is not shown there."""
    user = users.get(place.user_id)
    return user is not None and place == query.place(
        user.user_id, user.handle, user.display_name, findable=user.findable
    )


def _hit(place: Place, user: Named) -> Hit:
    return Hit(
        place=place,
        user_id=user.user_id,
        handle=user.handle,
        display_name=user.display_name,
        status_text=user.status_text,
        created_at=user.created_at,
        picture=decode_picture(user.picture) if user.picture else None,
    )
