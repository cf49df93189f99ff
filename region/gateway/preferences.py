"""What users want of conversations for themselves alone: muted, archived, pinned, marked unread, a draft; the same on all their devices."""

from datetime import datetime
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from infra.errors import CausewayError, InvalidFieldError, NotFoundError
from infra.postgres import Connection, Pool
from region.accounts.ports import Journal
from region.accounts.tokens import AccessClaims
from region.gateway.cursors import LARGEST
from region.gateway.groups.repository import sight
from region.gateway.validation import check_text
from region.gateway.views import rfc3339
from region.store.repository import preferences
from region.store.rows import PreferencesRow
from replication.ids import is_conversation_id
from replication.preferences import PreferencesChanged
from replication.records import Outcome

LATEST: Final = 253_402_214_400
"""The last moment until which anything is muted, which is for ever: 9999-12-31, in seconds since the epoch."""
MOST_TOLD: Final = 10_000
"""Of a user's preferences, told to one device that was away: the last that were changed."""
MOST_DRAFTS: Final = 1_000_000
"""Bytes of drafts that are told with them; of the others, a device is told that it must ask."""


class PreferencesConflictError(CausewayError):
    """Another device has changed this meanwhile: it is at version {version} now. Nothing was done; read what it is, and decide again."""

    code = "version-conflict"
    status = 409
    definite = True


class PreferencesView(msgspec.Struct, frozen=True, kw_only=True):
    """What one wants of a conversation, for oneself alone.

    Attributes:
        muted_until: Until when its messages make no noise, RFC 3339 in UTC; null if they do.
        archived: Whether it stands in the archive.
        marked_unread: Whether it is shown as unread although it was read.
        draft: What was written and not sent yet; empty for none. Null in a frame that had no room for it: ask for it.
        pinned: Whether it stands above all others in the list.
        version: How often they were changed.
    """

    conversation_id: str
    muted_until: str | None
    archived: bool
    marked_unread: bool
    draft: str | None
    pinned: bool
    version: int


class PreferencesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Changes what one wants of a conversation; what is missing stays as it is.

    Attributes:
        muted_until: Until when, RFC 3339; null for not at all.
        archived: Whether it stands in the archive.
        marked_unread: Whether it is shown as unread although it was read.
        draft: Up to 16 KiB of UTF-8; empty for none.
        pinned: Whether it stands above all others in the list.
        version: What the device has seen; if it is another one by now, nothing is changed. Without it, the last change counts.
    """

    muted_until: datetime | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    marked_unread: bool | UnsetType = UNSET
    draft: str | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    version: int | UnsetType = UNSET


class PreferencesFrame(PreferencesView, frozen=True, kw_only=True, tag="preferences"):
    """What one wants of a conversation was changed, on this device or another."""


V = TypeVar("V", bound=PreferencesView)


class Preferring:
    """Reads and changes preferences of users who live here."""

    def __init__(self, *, journal: Journal, store: Pool) -> None:
        """Say where changes are appended, and where they can be read."""
        self._journal = journal
        self._store = store

    async def read(self, caller: AccessClaims, conversation_id: str) -> PreferencesView:
        """Return what the caller wants of a conversation.

        Raises:
            NotFoundError: The caller never was a member of it.
        """
        return view(await self._found(caller, conversation_id))

    async def change(self, caller: AccessClaims, conversation_id: str, wanted: PreferencesRequest) -> PreferencesView:
        """Change what the caller names, and return what it is then; the same again changes nothing more.

        Raises:
            NotFoundError: The caller never was a member of the conversation.
            InvalidFieldError: A field is not acceptable; the error names it.
            PreferencesConflictError: Another device was faster.
            UnavailableError: The journal cannot be reached; nothing was done.
            OutcomeUnknownError: The projector did not decide in time; the same again is safe.
        """
        body = _body(conversation_id, wanted)
        known = await self._found(caller, conversation_id)

        async def settled() -> Outcome | None:
            now = await self._found(caller, conversation_id)
            return Outcome(id="") if now.changed(body) == now else None

        if known.changed(body) != known:
            outcome = await self._journal.decide(
                caller.sub, home_epoch=caller.epoch, body=body, settled=settled, device=caller.device
            )
            known = await self._found(caller, conversation_id)
            if outcome.code and known.changed(body) != known:
                raise PreferencesConflictError(version=known.version)
        return view(known)

    async def _found(self, caller: AccessClaims, conversation_id: str) -> PreferencesRow:
        if not is_conversation_id(conversation_id):
            raise NotFoundError(what="conversation")
        key = caller.sub, conversation_id
        async with self._store.connection() as connection:
            if await sight(connection, conversation_id, caller.sub) is None:
                raise NotFoundError(what="conversation")
            found = await preferences.load(connection, [key])
        return found.get(key) or PreferencesRow(*key)


async def missed(connection: Connection, user_id: str, position: int) -> list[PreferencesFrame]:
    """Return what a device is told of preferences that were changed above that position of its user's partition."""
    frames, room = list[PreferencesFrame](), MOST_DRAFTS
    for found in await preferences.since(connection, user_id, position, most=MOST_TOLD):
        room -= len(found.draft.encode())
        frames.append(frame(found.as_told(), with_draft=room >= 0))
    return frames[::-1]


def view(known: PreferencesRow) -> PreferencesView:
    """Return preferences as their user is shown them."""
    return _shown(PreferencesView, known.as_told(), with_draft=True)


def frame(told: PreferencesChanged, *, with_draft: bool = True) -> PreferencesFrame:
    """Return the frame that tells devices."""
    return _shown(PreferencesFrame, told, with_draft=with_draft)


def _shown(kind: type[V], told: PreferencesChanged, *, with_draft: bool) -> V:
    return kind(
        conversation_id=told.about,
        muted_until=rfc3339(told.muted_until) if told.muted_until else None,
        archived=bool(told.archived),
        marked_unread=bool(told.marked_unread),
        draft=(told.draft or "") if with_draft else None,
        pinned=bool(told.pinned),
        version=told.version,
    )


def _body(conversation_id: str, wanted: PreferencesRequest) -> PreferencesChanged:
    if wanted.draft is not UNSET:
        check_text(wanted.draft, field="draft", may_be_empty=True)
    if wanted.version is not UNSET and not 0 <= wanted.version <= LARGEST:
        raise InvalidFieldError(field="version", reason="use one that you were given")
    return PreferencesChanged(
        about=conversation_id,
        muted_until=_microseconds(wanted.muted_until),
        archived=None if wanted.archived is UNSET else wanted.archived,
        marked_unread=None if wanted.marked_unread is UNSET else wanted.marked_unread,
        draft=None if wanted.draft is UNSET else wanted.draft,
        pinned=None if wanted.pinned is UNSET else wanted.pinned,
        replaces=None if wanted.version is UNSET else wanted.version,
    )


def _microseconds(until: datetime | UnsetType | None) -> int | None:
    if until is UNSET:
        return None
    if until is None:
        return 0
    if until.tzinfo is None:
        raise InvalidFieldError(field="muted_until", reason="say in which time zone, such as 2027-01-01T00:00:00Z")
    seconds = min(until.timestamp(), LATEST)
    if seconds <= 0:
        raise InvalidFieldError(field="muted_until", reason="that was before there was anything to mute")
    return int(seconds) * 1_000_000
