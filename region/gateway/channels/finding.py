"""Public channels for those who do not belong to them: found in all regions, and looked into, as their owners tell."""

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec
import psycopg
import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.answers import answer, answer_problem
from infra.errors import CausewayError, InvalidFieldError, MalformedRequestError, NotFoundError, UnavailableError
from infra.internal import is_bridged
from infra.peers import NotToldError, Peers
from infra.postgres import STORE_FAILURES, Pool
from region.gateway import repository
from region.gateway.alterations.aftermaths import aftermaths
from region.gateway.channels.repository import public, starting_with, views
from region.gateway.channels.schemas import ChannelView
from region.gateway.cursors import LARGEST
from region.gateway.pictures import shown
from region.gateway.schemas import Page
from region.gateway.views import entry_view, rfc3339
from region.store.names import LONGEST, fold
from replication.alterations import NOTHING
from replication.groups import Details
from replication.ids import is_channel_id, region_of

log = structlog.get_logger()

PATH: Final = "/internal/channels"
"""Where a gateway's internal port tells; not what an edge carries for a device."""
MOST: Final = 50
"""Channels that are found in a region, and posts that a stranger is shown."""
MOST_BYTES: Final = 2 * 1024 * 1024
ASK_SECONDS: Final = 1.5
AT_ONCE: Final = 4
"""Readings of the store at the same time; who comes meanwhile waits."""
SECONDS: Final = 1.0
"""After which who waits is turned away."""

ASKED: Final = Counter(
    "causeway_gateway_channels_asked_total", "Questions about public channels to their owners.", ["region", "result"]
)


class Preview(msgspec.Struct, frozen=True):
    """What a stranger is shown of a public channel: what it is, and its newest posts."""

    channel: ChannelView
    page: Page


_found = msgspec.json.Decoder(list[ChannelView])
_preview = msgspec.json.Decoder(Preview)
_encoder = msgspec.json.Encoder()


class Finder:
    """Asks this region and the others."""

    def __init__(self, *, region: str, peers: Peers, store: Pool) -> None:
        """Prepare.

        Args:
            region: This region.
            peers: What asks the others' gateways.
            store: Of this region.
        """
        self._region = region
        self._peers = peers
        self._store = store
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def find(self, typed: str, most: int) -> tuple[list[ChannelView], list[str]]:
        """Return public channels of all regions, and the regions that did not answer.

        Raises:
            InvalidFieldError: Nothing can be found by that.
        """
        wanted = _wanted(typed)
        names = (self._region, *self._peers.names)
        answers = await asyncio.gather(
            self._found_here(wanted, most), *(self._found(n, wanted, most) for n in names[1:])
        )
        found = [view for views in answers if views is not None for view in views]
        found.sort(key=lambda view: (_place(view.name, wanted), view.channel_id))
        return found[:most], [name for name, views in zip(names, answers, strict=True) if views is None]

    async def preview(self, channel_id: str) -> Preview:
        """Return what a stranger is shown of a channel.

        Raises:
            NotFoundError: There is none, or it is not public.
            UnavailableError: Its owner does not answer.
        """
        owner = region_of(channel_id)
        if owner == self._region:
            return await self._look(channel_id)
        if owner not in self._peers.names:
            raise NotFoundError(what="channel")
        try:
            shown = _preview.decode(await self._ask(owner, {"channel_id": channel_id}))
        except NotToldError as error:
            if error.status == NotFoundError.status:
                raise NotFoundError(what="channel") from error
            raise UnavailableError(what=f"The region {owner}") from error
        except (msgspec.DecodeError, ValueError) as error:
            raise UnavailableError(what=f"The region {owner}") from error
        if {shown.channel.channel_id, shown.page.conversation_id} != {channel_id}:
            raise UnavailableError(what=f"The region {owner}")
        return shown

    async def views(self, channel_id: str, seq: int, regions: Mapping[str, int]) -> tuple[int, list[str]]:
        """Return how many subscribers of those regions have read up to a seq, and the regions that did not answer.

        Args:
            channel_id: The channel.
            seq: Of the post.
            regions: Where its subscribers live, and how many; no region is believed to have more readers than that.
        """
        names = sorted(regions)
        counts = await asyncio.gather(*(self._views(name, channel_id, seq) for name in names))
        missing = [name for name, count in zip(names, counts, strict=True) if count is None]
        known = zip(names, counts, strict=True)
        return sum(min(count, regions[name]) for name, count in known if count is not None), missing

    def serve(self, app: ASGIApp) -> ASGIApp:
        """Return the app of the internal port, which answers other regions; the rest goes to the app that is given."""

        async def internal(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] != PATH or is_bridged(scope):
                await app(scope, receive, send)
                return
            try:
                content = await self._tell(scope["query_string"])
            except CausewayError as error:
                await answer_problem(send, error)
            else:
                await answer(send, 200, content)

        return internal

    async def _tell(self, query: bytes) -> bytes:
        asked = parse_qs(query.decode("latin-1"), max_num_fields=8)
        if (of := asked.get("views", [""])[0]) and is_channel_id(of):
            seq = asked.get("seq", [""])[0]
            if not seq.isascii() or not seq.isdigit() or int(seq[:19]) > LARGEST:
                raise MalformedRequestError(reason="seq is no number")
            return _encoder.encode(await self._views_here(of, int(seq[:19])))
        if (channel_id := asked.get("channel_id", [""])[0]) != "":
            if not is_channel_id(channel_id) or region_of(channel_id) != self._region:
                raise NotFoundError(what="channel")
            return _encoder.encode(await self._look(channel_id))
        try:
            most = int(asked.get("limit", [""])[0][:4])
        except ValueError:
            raise MalformedRequestError(reason="limit is no number") from None
        views = await self._find_here(_wanted(asked.get("query", [""])[0]), max(1, min(most, MOST)))
        return _encoder.encode(views)

    async def _find_here(self, wanted: str, most: int) -> list[ChannelView]:
        try:
            async with asyncio.timeout(SECONDS), self._reading, self._store.connection() as connection:
                found = await starting_with(connection, wanted.encode(), most)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="The store") from error
        return [_view(channel_id, details) for channel_id, details in found]

    async def _found_here(self, wanted: str, most: int) -> list[ChannelView] | None:
        try:
            return await self._find_here(wanted, most)
        except UnavailableError:
            return None

    async def _found(self, region: str, wanted: str, most: int) -> list[ChannelView] | None:
        """Return what is found in another region, of what it owns; None if it does not answer."""
        try:
            views = _found.decode(await self._ask(region, {"query": wanted, "limit": str(most)}))
        except (NotToldError, msgspec.DecodeError, ValueError) as error:
            log.warning("channels not searched", region=region, problem=str(error) or type(error).__name__)
            return None
        return [v for v in views[:most] if is_channel_id(v.channel_id) and region_of(v.channel_id) == region]

    async def _views_here(self, channel_id: str, seq: int) -> int:
        try:
            async with asyncio.timeout(SECONDS), self._reading, self._store.connection() as connection:
                return await views(connection, channel_id, self._region, seq)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="The store") from error

    async def _views(self, region: str, channel_id: str, seq: int) -> int | None:
        if region == self._region:
            return await self._views_here(channel_id, seq)
        try:
            content = await self._ask(region, {"views": channel_id, "seq": str(seq)})
            return max(0, msgspec.json.decode(content, type=int))
        except (NotToldError, msgspec.DecodeError, ValueError):
            return None

    async def _ask(self, region: str, params: Mapping[str, str]) -> bytes:
        try:
            content = await self._peers.ask(region, PATH, params, most=MOST_BYTES, seconds=ASK_SECONDS)
        except BaseException:
            ASKED.labels(region, "failed").inc()
            raise
        ASKED.labels(region, "answered").inc()
        return content

    async def _look(self, channel_id: str) -> Preview:
        try:
            async with asyncio.timeout(SECONDS), self._reading, self._store.connection() as connection:
                known = await public(connection, channel_id)
                if known is None:
                    raise NotFoundError(what="channel")
                view = _view(channel_id, known[0])
                posts = await repository.entries_below(connection, channel_id, seq=view.head + 1, most=MOST)
                made = await aftermaths(connection, posts, lambda _: True)
        except (*STORE_FAILURES, psycopg.Error, TimeoutError) as error:
            raise UnavailableError(what="The store") from error
        messages = [entry_view(entry, reader="", marks={}, aftermath=made.get(entry.seq, NOTHING)) for entry in posts]
        return Preview(view, Page(channel_id, messages, None, None))


def _wanted(typed: str) -> str:
    wanted = fold(typed[: 4 * LONGEST])
    if not wanted:
        raise InvalidFieldError(field="query", reason="use at least one letter or digit")
    return wanted


def _place(name: str, wanted: str) -> str:
    """Return from where on a name is what was searched for; behind all others if another region says otherwise than it is."""
    folded = f" {fold(name)}"
    at = folded.find(f" {wanted}")
    return folded[at + 1 :] if at >= 0 else "\uffff"


def _view(channel_id: str, details: Details) -> ChannelView:
    state = details.channel
    assert state is not None
    return ChannelView(
        channel_id=channel_id,
        name=details.name,
        description=details.description,
        public=state.public,
        slow=state.slow,
        created_by=details.created_by,
        created_at=rfc3339(details.created_at),
        owner_region=region_of(channel_id),
        role="",
        subscriber_count=state.subscribers,
        head=state.shown,
        picture=shown(details.picture),
        acknowledgement=details.acknowledgement,
    )
