"""The client library: what a program needs to chat through Causeway; it imports nothing of a server.

client      `Client`: what a user does, and the tasks behind it
link        keeps a device connected; carries out what the connection asks for
dispatch    events, handles and the store's saves, on their way to the user
api         the HTTP calls, typed
connection  pure: one device's conversation with a region, frames in and actions out
outbox      pure: what the user typed and has no outcome yet, in order
marks       pure: what was marked, and which marks the region has not confirmed
timeline    pure: the entries of one conversation, each once and in order
handles     what a caller holds of a message that was sent
media       brings and opens images and files
friends     what one does about friends, and what that gives
groups      what one does in groups, and what that takes and gives
alterations what one does to messages that are there; edits: what that takes and gives
concealed   what one has deleted for oneself alone
channels    the same of channels
searching   finds messages in one's own history, and what is around them
frames      what crosses the WebSocket, as typed structs
answers     what HTTP says of conversations and regions; accounts, groups, uploads, pictures: what it says of those
sending     pure: what can be sent, marked and asked
events      what the user is told
session     who is logged in here; keeps the access token fresh
typists     who types where
stores      where session, outbox and positions rest: SQLite, or memory
transport   HTTP and WebSocket over aiohttp, with fail-over between endpoints
backoff     how long to wait before the next attempt
errors      what can go wrong, each with its code and whether it is definite
fakes       for tests: a region that fails on demand

    Client ─▶ link ─▶ connection ─▶ outbox, marks, timeline
       │       └────▶ dispatch ─▶ handles, stores
       └────▶ api ─▶ transport, session

A first conversation:

    async with Client(["http://127.0.0.1:8080"], store=SqliteStore("alice.sqlite")) as alice:
        await alice.log_in("alice", "her password")
        sent = await alice.send("Hello!", to=boris_id)
        await sent.reach(Stage.READ)
        async for event in alice.events():
            ...
"""

from region.client.accounts import Device, OwnProfile, People, User
from region.client.answers import Conversation, Page
from region.client.backoff import Backoff, longer
from region.client.channels import Channel, ChannelInvite, FoundChannels, Poster
from region.client.client import Client
from region.client.concealed import Concealed
from region.client.edits import EditView
from region.client.errors import ClientError, LoggedOutError, ProblemError, UnreachableError, UnsendableError
from region.client.events import (
    Arrived,
    ChangedProfile,
    Event,
    Heard,
    LoggedOut,
    Marked,
    Offline,
    Online,
    Preferred,
    Queued,
    Refused,
    Types,
    Watched,
    Withdrawn,
)
from region.client.frames import Attachment, Hop, Mention, Message, Reacted, Reply
from region.client.friends import Friend, FriendList, Presence
from region.client.groups import Group, GroupMember, Invite, Receipts
from region.client.handles import Handle, Stage
from region.client.pictures import Picture
from region.client.preferences import Preferences, PreferencesChange
from region.client.searching import Hit, Hits, Match
from region.client.stores import MemoryStore, SqliteStore, Store

__all__ = [
    "Arrived",
    "Attachment",
    "Backoff",
    "ChangedProfile",
    "Channel",
    "ChannelInvite",
    "Client",
    "ClientError",
    "Concealed",
    "Conversation",
    "Device",
    "EditView",
    "Event",
    "FoundChannels",
    "Friend",
    "FriendList",
    "Group",
    "GroupMember",
    "Handle",
    "Heard",
    "Hit",
    "Hits",
    "Hop",
    "Invite",
    "LoggedOut",
    "LoggedOutError",
    "Marked",
    "Match",
    "MemoryStore",
    "Mention",
    "Message",
    "Offline",
    "Online",
    "OwnProfile",
    "Page",
    "People",
    "Picture",
    "Poster",
    "Preferences",
    "PreferencesChange",
    "Preferred",
    "Presence",
    "ProblemError",
    "Queued",
    "Reacted",
    "Receipts",
    "Refused",
    "Reply",
    "SqliteStore",
    "Stage",
    "Store",
    "Types",
    "UnreachableError",
    "UnsendableError",
    "User",
    "Watched",
    "Withdrawn",
    "longer",
]
