"""Where users live and who owns a conversation; nobody has moved yet, so both can be read off the ids."""

from replication.ids import region_of


def home_of(user_id: str) -> str:
    """Return the region in which a user is at home.

    Raises:
        ValueError: It is no id.
    """
    return region_of(user_id)


def owner_of(conversation_id: str) -> str:
    """Return the region that decides about a conversation.

    Raises:
        ValueError: It is no id.
    """
    return region_of(conversation_id)
