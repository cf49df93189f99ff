"""What is told of a group or a channel to who belongs to it no more. Pure."""

from msgspec.structs import replace

from replication.groups import Details

UNTOLD = Details()


def told(conversation_id: str, details: Details, *, active: bool, here: str) -> Details:
    """Return what somebody is told of a conversation's state.

    Who has left or was removed is told who began it and when, and nothing of what it is called by now or how it is joined: what it was
    called in their time stands in the log, up to where they may see it. A public channel tells anybody, in each region that is told what becomes of it.

    Args:
        conversation_id: The conversation.
        details: The state.
        active: Whether the user is a member now.
        here: The region whose copy of the state this is.
    """
    channel = details.channel
    if active or (channel is not None and channel.public and channel.is_told_in(here, conversation_id)):
        return details
    return replace(UNTOLD, created_by=details.created_by, created_at=details.created_at)
