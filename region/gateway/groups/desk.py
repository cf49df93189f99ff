"""What is done in a group over HTTP: checked as far as can be told here, submitted, and waited for; its owner decides."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypedDict, Unpack, cast, get_args

from infra.errors import InvalidFieldError, NotFoundError
from infra.postgres import Connection, Pool
from region.accounts.tokens import AccessClaims
from region.gateway import repository
from region.gateway.groups.former import told
from region.gateway.groups.repository import Sight, sight, standings
from region.gateway.groups.schemas import (
    GroupChangeRequest,
    GroupRequest,
    GroupSendRequest,
    GroupView,
    InviteListed,
    InviteRequest,
    InviteView,
    MemberRequest,
    Members,
    MemberView,
    Receipts,
    RoleRequest,
)
from region.gateway.messages import Messages, Sent
from region.gateway.pictures import Choose, content_of, shown, wished
from region.gateway.recipients import Recipients
from region.gateway.schemas import SendRequest
from region.gateway.submissions import Author, Clerk, now_us
from region.gateway.validation import check_acknowledgement, check_client_message_id, check_name, check_title
from region.gateway.views import rfc3339
from region.store.rows import ASKING, BANNED, Member
from replication import groups as g
from replication.channels import ChannelBody
from replication.ids import group_id as group_id_of
from replication.ids import is_group_id, is_message_id, is_user_id, message_id, region_of

MOST_OTHERS: Final = g.MOST_MEMBERS - 1
LEAST_SECONDS: Final = 60
MOST_SECONDS: Final = 30 * 86_400
MOST_USES: Final = 10_000
LONGEST_TOKEN: Final = 64
ADMIN: Final = g.RANKS["admin"]


@dataclass(frozen=True, slots=True)
class Made:
    """A group that was asked for.

    Attributes:
        group: As its owner sees it.
        created: Whether this request made it; else an earlier one did.
    """

    group: GroupView
    created: bool


class Parts(TypedDict):
    """What a desk stands on.

    Attributes:
        region: This region.
        secret: Of the region, from which links' secrets are made, so that a repeated request gets the same.
        store: Of the region.
        recipients: Know who exists.
        clerk: Writes submissions.
        messages: Submits them.
        choose: Returns an image of somebody's as a picture.
    """

    region: str
    secret: bytes
    store: Pool
    recipients: Recipients
    clerk: Clerk
    messages: Messages
    choose: Choose


class Desk:
    """Does what members want in groups. Each of what changes something raises as `Messages.send` does.

    Attributes:
        what: What it is about, as errors call it.
        is_ours: Whether an id has the form of one of these.
    """

    what = "group"
    is_ours: Callable[[str], bool] = staticmethod(is_group_id)

    def __init__(self, **parts: Unpack[Parts]) -> None:
        """Prepare."""
        self._region = parts["region"]
        self._secret = parts["secret"]
        self._store = parts["store"]
        self._recipients = parts["recipients"]
        self._clerk = parts["clerk"]
        self._messages = parts["messages"]
        self._choose = parts["choose"]

    async def create(self, caller: AccessClaims, wanted: GroupRequest) -> Made:
        """Make a group, with those who belong to it from the beginning."""
        check_title(wanted.name, most=g.LONGEST_NAME)
        check_name("description", wanted.description, least=0, most=g.LONGEST_DESCRIPTION)
        others = list(dict.fromkeys(user for user in wanted.member_ids if user != caller.sub))
        if len(others) > MOST_OTHERS:
            raise InvalidFieldError(field="member_ids", reason=f"name {MOST_OTHERS} at most")
        await self._recipients.check_all_exist(others)
        name = named(wanted.client_message_id)
        seats = tuple(g.Seat(user_id, region_of(user_id)) for user_id in others)
        picture = None if wanted.picture is None else await self._choose(caller.sub, wanted.picture)
        body = g.GroupCreated(name, wanted.name, wanted.description, seats, wanted.history, wanted.approval, picture)
        group_id = group_id_of(caller.sub, name)
        content = (
            wanted.name,
            wanted.description,
            str(wanted.history),
            str(wanted.approval),
            *others,
            *content_of(picture),
        )
        sent = await self._submit(caller, group_id, body, *content)
        group = GroupView(
            group_id=group_id,
            name=wanted.name,
            description=wanted.description,
            history=wanted.history,
            approval=wanted.approval,
            created_by=caller.sub,
            created_at=sent.message.sent_at,
            owner_region=region_of(group_id),
            role="owner",
            member_count=1 + len(others),
            head=sent.message.seq or 0,
            picture=shown(picture),
        )
        return Made(group, sent.created)

    async def post(self, caller: AccessClaims, group_id: str, wanted: GroupSendRequest) -> Sent:
        """Send a message into a group."""
        return await self._messages.send(
            caller,
            SendRequest(
                text=wanted.text,
                conversation_id=self.checked(group_id),
                client_message_id=wanted.client_message_id,
                attachments=wanted.attachments,
                reply_to=wanted.reply_to,
                forward_of=wanted.forward_of,
                mentions=wanted.mentions,
            ),
        )

    async def change(self, caller: AccessClaims, group_id: str, wanted: GroupChangeRequest) -> Sent:
        """Change what a group is called, and how it is joined."""
        if wanted.name is not None:
            check_title(wanted.name, most=g.LONGEST_NAME)
        if wanted.description is not None:
            check_name("description", wanted.description, least=0, most=g.LONGEST_DESCRIPTION)
        given, how = (wanted.name, wanted.description, wanted.history, wanted.approval), wanted.acknowledgement
        picture = await wished(self._choose, caller.sub, wanted.picture)
        body = g.GroupChanged(named(wanted.client_message_id), *given, picture, check_acknowledgement(how))
        content = (*map(repr, given), *content_of(picture), *(() if how is None else ("acknowledged", how)))
        return await self._submit(caller, group_id, body, *content)

    async def add(self, caller: AccessClaims, group_id: str, wanted: MemberRequest) -> Sent:
        """Add somebody, or let in who has asked."""
        await self._recipients.check_exists(wanted.user_id)
        body = g.MemberAdded(named(wanted.client_message_id), wanted.user_id, region_of(wanted.user_id))
        return await self._submit(caller, group_id, body, "add", wanted.user_id)

    async def remove(self, caller: AccessClaims, group_id: str, user_id: str, name: str | None) -> Sent:
        """Remove somebody; leave, if that is the caller; decline, if the user has only asked."""
        body: g.GroupBody = g.MemberRemoved(named(name), checked_user(user_id))
        if user_id == caller.sub:
            body = g.MemberLeft(named(name))
        else:
            async with self._store.connection() as connection:
                standing = {one.user_id: one.role for one in await standings(connection, self.checked(group_id))}
            if standing.get(user_id) == ASKING:
                body = g.JoinDeclined(named(name), user_id)
        return await self._submit(caller, group_id, body, "remove", user_id)

    async def ban(self, caller: AccessClaims, group_id: str, wanted: MemberRequest) -> Sent:
        """Remove somebody, who may not come back; who never was there must exist."""
        if is_group_id(self.checked(group_id)):
            async with self._store.connection() as connection:
                known = {one.user_id for one in await standings(connection, group_id)}
            if checked_user(wanted.user_id) not in known:
                await self._recipients.check_exists(wanted.user_id)
        body = g.MemberBanned(named(wanted.client_message_id), checked_user(wanted.user_id))
        return await self._submit(caller, group_id, body, "ban", wanted.user_id)

    async def unban(self, caller: AccessClaims, group_id: str, user_id: str, name: str | None) -> Sent:
        """Let somebody come back."""
        return await self._submit(
            caller, group_id, g.MemberUnbanned(named(name), checked_user(user_id)), "unban", user_id
        )

    async def change_role(self, caller: AccessClaims, group_id: str, user_id: str, wanted: RoleRequest) -> Sent:
        """Promote, demote, or hand over."""
        if wanted.role not in get_args(g.Role):
            raise InvalidFieldError(field="role", reason=f"use one of {', '.join(get_args(g.Role))}")
        if wanted.hand_over and wanted.role != "owner":
            raise InvalidFieldError(field="hand_over", reason="only the role owner can be handed over")
        role = cast("g.Role", wanted.role)
        body = g.RoleChanged(named(wanted.client_message_id), checked_user(user_id), role, wanted.hand_over)
        return await self._submit(caller, group_id, body, "role", user_id, wanted.role, str(wanted.hand_over))

    async def invite(self, caller: AccessClaims, group_id: str, wanted: InviteRequest) -> InviteView:
        """Make a link by which others may join."""
        if not LEAST_SECONDS <= wanted.expires_in <= MOST_SECONDS:
            raise InvalidFieldError(field="expires_in", reason=f"use {LEAST_SECONDS} to {MOST_SECONDS} seconds")
        if not 0 <= wanted.uses <= MOST_USES:
            raise InvalidFieldError(field="uses", reason=f"use 0 to {MOST_USES}")
        name = named(wanted.client_message_id)
        operation = message_id(caller.sub, self.checked(group_id), name)
        token = hmac.new(self._secret, b"invite " + operation.encode(), hashlib.sha256).hexdigest()[:32]
        digest = g.digest_of(token)
        expires_at = now_us() + wanted.expires_in * 1_000_000
        body = g.InviteMade(name, digest.hex()[:12], digest, expires_at, wanted.uses)
        sent = await self._submit(caller, group_id, body, "invite", str(wanted.expires_in), str(wanted.uses))
        change = sent.message.change
        until = change.expires_at if change and change.expires_at else rfc3339(expires_at)
        return InviteView(
            group_id=group_id,
            invite_id=body.invite_id,
            token=token,
            expires_at=until,
            uses=wanted.uses,
            message=sent.message,
        )

    async def end_invite(self, caller: AccessClaims, group_id: str, invite_id: str, name: str | None) -> Sent:
        """End a link before it expires."""
        if not invite_id.isalnum() or len(invite_id) > LONGEST_TOKEN:
            raise NotFoundError(what="link")
        return await self._submit(caller, group_id, g.InviteEnded(named(name), invite_id), "end", invite_id)

    async def join(self, caller: AccessClaims, group_id: str, token: str, name: str | None) -> Sent:
        """Join by a link, or ask to."""
        if not token.isalnum() or len(token) > LONGEST_TOKEN:
            raise InvalidFieldError(field="token", reason="it is none of ours")
        return await self._submit(caller, group_id, g.MemberJoined(named(name), token), "join", token)

    async def view(self, caller: AccessClaims, group_id: str) -> GroupView:
        """Return a group.

        Raises:
            NotFoundError: There is none, or the caller never was a member.
        """
        await self._await(caller, group_id)
        async with self._store.connection() as connection:
            seen = await self._seen(connection, group_id, caller.sub)
            everybody = await standings(connection, group_id)
        details = told(group_id, seen.details, active=seen.member.active, here=self._region)
        invites = invites_of(details) if seen.member.rank >= ADMIN else []
        return GroupView(
            group_id=group_id,
            name=details.name,
            description=details.description,
            history=details.history,
            approval=details.approval,
            created_by=details.created_by,
            created_at=rfc3339(details.created_at),
            owner_region=region_of(group_id),
            role=seen.member.role,
            member_count=sum(member.active for member in everybody) if seen.member.active else 0,
            head=seen.top,
            invites=invites,
            picture=shown(details.picture),
            acknowledgement=details.acknowledgement,
        )

    async def members(self, caller: AccessClaims, group_id: str) -> Members:
        """Return a group's members; to admins also who has asked and who is banned.

        Raises:
            NotFoundError: There is no such group, or the caller is no member.
        """
        await self._await(caller, group_id)
        async with self._store.connection() as connection:
            seen = await self._seen(connection, group_id, caller.sub)
            everybody = await standings(connection, group_id)
        if not seen.member.active:
            raise NotFoundError(what="group")
        also = {ASKING, BANNED} if seen.member.rank >= ADMIN else set()
        return Members([_member(one, seen.head) for one in everybody if one.active or one.role in also])

    async def receipts(self, caller: AccessClaims, group_id: str, message: str) -> Receipts:
        """Return who has received and read a message, of those who were members then and are.

        Raises:
            NotFoundError: There is no such message, or it is not the caller's to see.
        """
        async with self._store.connection() as connection:
            seen = await self._seen(connection, group_id, caller.sub)
            entry = await repository.entry_by_message(connection, message) if is_message_id(message) else None
            marks = await repository.members(connection, group_id)
        if entry is None or entry.conversation_id != group_id or not seen.member.active:
            raise NotFoundError(what="message")
        if not seen.member.may_see(entry.seq):
            raise NotFoundError(what="message")
        others = {user: one for user, one in marks.items() if user != entry.author and one.joined < entry.seq}
        read = [user for user, one in others.items() if one.read >= entry.seq]
        received = [user for user, one in others.items() if one.received >= entry.seq > one.read]
        return Receipts(read, received, [user for user in others if user not in {*read, *received}])

    def checked(self, group_id: str) -> str:
        """Return an id that may be one of these.

        Raises:
            NotFoundError: It is none.
        """
        if not self.is_ours(group_id):
            raise NotFoundError(what=self.what)
        return group_id

    async def _await(self, caller: AccessClaims, group_id: str) -> bool:
        """Wait a moment for one that another region owns and that may be on its way here; tell whether the caller sees such a one."""
        if region_of(self.checked(group_id)) == self._region:
            return False
        return await self._recipients.coming.sees(caller.sub, group_id, patiently=True)

    async def _seen(self, connection: Connection, group_id: str, user_id: str) -> Sight:
        found = await sight(connection, self.checked(group_id), user_id)
        if found is None:
            raise NotFoundError(what=self.what)
        return found

    async def _submit(
        self, caller: AccessClaims, group_id: str, body: g.GroupBody | ChannelBody, *content: str
    ) -> Sent:
        author = Author(caller.sub, caller.epoch, caller.device)
        if region_of(self.checked(group_id)) not in self._recipients.regions:
            raise NotFoundError(what=self.what)
        submission = self._clerk.log(author, body, conversation_id=group_id, content=content)
        return await self._messages.submit(submission, body.client_message_id)


def invites_of(details: g.Details) -> list[InviteListed]:
    """Return the links that are good."""
    return [
        InviteListed(
            invite_id=one.invite_id,
            made_by=one.made_by,
            expires_at=rfc3339(one.expires_at),
            uses=None if one.uses < 0 else one.uses,
        )
        for one in details.invites
        if one.uses and one.expires_at > now_us()
    ]


def _member(member: Member, head: int) -> MemberView:
    return MemberView(
        user_id=member.user_id,
        home_region=member.home,
        role=member.role,
        joined=member.joined,
        received=min(max(member.received, member.read), head),
        read=min(member.read, head),
    )


def named(client_message_id: str | None) -> str:
    """Return what a deed is called: what was given, or something new."""
    if client_message_id is None:
        return secrets.token_hex(16)
    check_client_message_id(client_message_id)
    return client_message_id


def checked_user(user_id: str) -> str:
    """Return an id that may be somebody's.

    Raises:
        NotFoundError: It is none.
    """
    if not is_user_id(user_id):
        raise NotFoundError(what="user")
    return user_id
