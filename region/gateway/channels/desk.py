"""What is done in a channel over HTTP; what is as in a group is the groups' desk's."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Unpack

import msgspec

from infra.errors import InvalidFieldError, NotFoundError
from region.accounts.tokens import AccessClaims
from region.gateway.channels.finding import Finder
from region.gateway.channels.following import MOST_FOLLOWED
from region.gateway.channels.repository import channels_of, staff
from region.gateway.channels.schemas import (
    ChannelChangeRequest,
    ChannelInviteView,
    ChannelRequest,
    ChannelRoleRequest,
    ChannelView,
    FoundChannels,
    Staff,
    StaffView,
    SubscribeRequest,
    Views,
)
from region.gateway.errors import TooManyChannelsError
from region.gateway.groups.desk import LONGEST_TOKEN, Desk, Parts, checked_user, invites_of, named
from region.gateway.groups.former import told
from region.gateway.groups.plain import only_messages
from region.gateway.groups.repository import sight
from region.gateway.groups.schemas import InviteRequest, RoleRequest
from region.gateway.guards import Look
from region.gateway.messages import Asked, Sent
from region.gateway.pictures import content_of, shown, wished
from region.gateway.repository import entry_by_message
from region.gateway.schemas import Page
from region.gateway.validation import check_acknowledgement, check_name, check_title
from region.gateway.views import rfc3339
from region.store.rows import Member
from replication import channels as c
from replication import groups as g
from replication.ids import channel_id as channel_id_of
from replication.ids import is_channel_id, is_message_id, region_of

ROLES: Final = {"owner": "owner", "poster": "admin", "subscriber": "member"}
"""What channels call the roles of a group."""
CALLED: Final = {role: name for name, role in ROLES.items()}
OWNER: Final = g.RANKS["owner"]


@dataclass(frozen=True, slots=True)
class MadeChannel:
    """A channel that was asked for.

    Attributes:
        channel: As its owner sees it.
        created: Whether this request made it; else an earlier one did.
    """

    channel: ChannelView
    created: bool


class ChannelDesk(Desk):
    """Does what owners, posters and subscribers want; `ban`, `unban` and `end_invite` are as in groups."""

    what = "channel"
    is_ours: Callable[[str], bool] = staticmethod(is_channel_id)

    def __init__(self, *, finder: Finder, look: Look, **parts: Unpack[Parts]) -> None:
        """Prepare; `finder` shows public channels to strangers, `look` keeps them from asking too often, the rest is as in `Desk`."""
        super().__init__(**parts)
        self._finder = finder
        self._look = look

    async def find(self, typed: str, most: int) -> FoundChannels:
        """Return public channels of all regions, by the beginning of any word of their names."""
        return FoundChannels(*await self._finder.find(typed, most))

    async def views(self, caller: AccessClaims, channel_id: str, message: str) -> Views:
        """Return about how many subscribers have seen a post.

        Raises:
            NotFoundError: There is no such post, or it is not the caller's to see.
        """
        async with self._store.connection() as connection:
            seen = await self._seen(connection, channel_id, caller.sub)
            entry = await entry_by_message(connection, message) if is_message_id(message) else None
        if entry is None or entry.conversation_id != channel_id or not seen.member.may_see(entry.seq):
            raise NotFoundError(what="message")
        await self._look(caller.sub)
        state = seen.details.channel or c.ChannelState()
        regions = {presence.region: presence.subscribers for presence in state.regions}
        return Views(*await self._finder.views(channel_id, entry.seq, regions))

    async def page(self, caller: AccessClaims, asked: Asked) -> Page:
        """Return a page; to a stranger, the newest posts of a public channel."""
        channel_id = self.checked(asked.conversation_id or "")
        async with self._store.connection() as connection:
            stranger = await sight(connection, channel_id, caller.sub) is None
        if not stranger:
            return await self._messages.page(caller, asked)
        await self._look(caller.sub)
        try:
            page = (await self._finder.preview(channel_id)).page
        except NotFoundError:
            if await self._await(caller, channel_id):  # one has just subscribed
                return await self._messages.page(caller, asked)
            raise
        if not asked.log:
            page = only_messages(page)
        return msgspec.structs.replace(page, messages=page.messages[: asked.limit])

    async def begin(self, caller: AccessClaims, wanted: ChannelRequest) -> MadeChannel:
        """Make a channel."""
        _check(wanted.name, wanted.description, wanted.slow)
        name = named(wanted.client_message_id)
        picture = None if wanted.picture is None else await self._choose(caller.sub, wanted.picture)
        await self._check_room(caller.sub, channel_id_of(caller.sub, name))
        body = c.ChannelCreated(name, wanted.name, wanted.description, wanted.public, wanted.slow, picture)
        channel_id = channel_id_of(caller.sub, name)
        given = (wanted.name, wanted.description, wanted.public, wanted.slow)
        sent = await self._submit(caller, channel_id, body, *map(repr, given), *content_of(picture))
        view = ChannelView(
            channel_id=channel_id,
            name=wanted.name,
            description=wanted.description,
            public=wanted.public,
            slow=wanted.slow,
            created_by=caller.sub,
            created_at=sent.message.sent_at,
            owner_region=region_of(channel_id),
            role="owner",
            subscriber_count=1,
            head=sent.message.seq or 0,
            picture=shown(picture),
        )
        return MadeChannel(view, sent.created)

    async def alter(self, caller: AccessClaims, channel_id: str, wanted: ChannelChangeRequest) -> Sent:
        """Change what a channel is called, who may come, and how fast posters post."""
        _check(wanted.name, wanted.description, wanted.slow)
        given, how = (wanted.name, wanted.description, wanted.public, wanted.slow), wanted.acknowledgement
        picture, name = await wished(self._choose, caller.sub, wanted.picture), named(wanted.client_message_id)
        body = c.ChannelChanged(name, *given, picture=picture, acknowledgement=check_acknowledgement(how))
        content = (*map(repr, given), *content_of(picture), *(() if how is None else ("acknowledged", how)))
        return await self._submit(caller, channel_id, body, *content)

    async def subscribe(self, caller: AccessClaims, channel_id: str, wanted: SubscribeRequest) -> Sent:
        """Subscribe, by a link if the channel is not public."""
        token = wanted.token
        if token and (not token.isalnum() or len(token) > LONGEST_TOKEN):
            raise InvalidFieldError(field="token", reason="it is none of ours")
        await self._check_room(caller.sub, channel_id)
        body = g.MemberJoined(named(wanted.client_message_id), token)
        return await self._submit(caller, channel_id, body, "join", token)

    async def _check_room(self, user_id: str, channel_id: str) -> None:
        """Check that a user does not belong to as many channels as may be; who belongs to this one repeats something.

        Raises:
            TooManyChannelsError: To as many.
        """
        async with self._store.connection() as connection:
            channels = await channels_of(connection, user_id, most=MOST_FOLLOWED)
        if len(channels) >= MOST_FOLLOWED and channel_id not in channels:
            raise TooManyChannelsError(most=MOST_FOLLOWED)

    async def remove(self, caller: AccessClaims, group_id: str, user_id: str, name: str | None) -> Sent:
        """Remove somebody; leave, if that is the caller."""
        body = (
            g.MemberLeft(named(name)) if user_id == caller.sub else g.MemberRemoved(named(name), checked_user(user_id))
        )
        return await self._submit(caller, group_id, body, "remove", user_id)

    async def give_role(self, caller: AccessClaims, channel_id: str, user_id: str, wanted: ChannelRoleRequest) -> Sent:
        """Promote, demote, or hand over."""
        if wanted.role not in ROLES:
            raise InvalidFieldError(field="role", reason=f"use one of {', '.join(ROLES)}")
        role = RoleRequest(ROLES[wanted.role], wanted.hand_over, wanted.client_message_id)
        return await self.change_role(caller, channel_id, user_id, role)

    async def link(self, caller: AccessClaims, channel_id: str, wanted: InviteRequest) -> ChannelInviteView:
        """Make a link by which others may subscribe."""
        made = await self.invite(caller, channel_id, wanted)
        return ChannelInviteView(
            channel_id=channel_id,
            invite_id=made.invite_id,
            token=made.token,
            expires_at=made.expires_at,
            uses=made.uses,
            message=made.message,
        )

    async def look(self, caller: AccessClaims, channel_id: str) -> ChannelView:
        """Return a channel.

        Raises:
            NotFoundError: There is none, or the caller never was subscribed and it is not public.
            UnavailableError: Only its owner knows how it is now, since nobody here is a subscriber, and does not answer.
        """
        async with self._store.connection() as connection:
            seen = await sight(connection, self.checked(channel_id), caller.sub)
        if seen is None:
            try:
                return await self._preview(caller, channel_id)
            except NotFoundError:
                if await self._await(caller, channel_id):  # one has just subscribed
                    return await self.look(caller, channel_id)
                raise
        known = seen.details.channel
        if not seen.member.active and (known is None or not known.is_told_in(self._region, channel_id)):
            with contextlib.suppress(NotFoundError):  # it is not public by now
                found = await self._preview(caller, channel_id)
                return msgspec.structs.replace(found, role=_called(seen.member), head=seen.top)
        details = told(channel_id, seen.details, active=seen.member.active, here=self._region)
        state = details.channel or c.ChannelState(public=False)
        return ChannelView(
            channel_id=channel_id,
            name=details.name,
            description=details.description,
            public=state.public,
            slow=state.slow,
            created_by=details.created_by,
            created_at=rfc3339(details.created_at),
            owner_region=region_of(channel_id),
            role=_called(seen.member),
            subscriber_count=state.subscribers,
            head=seen.top,
            invites=invites_of(details) if seen.member.rank >= OWNER else [],
            picture=shown(details.picture),
            acknowledgement=details.acknowledgement,
        )

    async def _preview(self, caller: AccessClaims, channel_id: str) -> ChannelView:
        await self._look(caller.sub)
        return (await self._finder.preview(channel_id)).channel

    async def staff(self, caller: AccessClaims, channel_id: str) -> Staff:
        """Return who runs a channel; who subscribes is told to nobody.

        Raises:
            NotFoundError: There is no such channel, or the caller is not subscribed.
        """
        async with self._store.connection() as connection:
            seen = await self._seen(connection, channel_id, caller.sub)
            found = await staff(connection, channel_id)
        if not seen.member.active:
            raise NotFoundError(what="channel")
        return Staff([StaffView(user_id=one.user_id, home_region=one.home, role=CALLED[one.role]) for one in found])


def _called(member: Member) -> str:
    return CALLED.get(member.role, member.role)


def _check(name: str | None, description: str | None, slow: int | None) -> None:
    if name is not None:
        check_title(name, most=g.LONGEST_NAME)
    if description is not None:
        check_name("description", description, least=0, most=g.LONGEST_DESCRIPTION)
    if slow is not None and not 0 <= slow <= c.MOST_SLOW:
        raise InvalidFieldError(field="slow", reason=f"use 0 to {c.MOST_SLOW} seconds")
