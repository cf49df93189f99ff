"""Names of users, conversations, messages and blobs, from which the bucket and the region can be read.

`u3f2a9c…-us`: a letter for the kind, hexadecimal digits of which the first three are the bucket, and a region: for a user the
region of birth, for a conversation its owner, for a message the owner of its conversation, for a blob
the region where it was brought.
"""

import hashlib
import re
import secrets

BUCKETS = 4096
_REGION = r"[a-z][a-z0-9]{1,7}"
_USER = re.compile(rf"u[0-9a-f]{{24}}-{_REGION}")
_CONVERSATION = re.compile(rf"[dgc][0-9a-f]{{32}}-{_REGION}")
_BLOB = re.compile(rf"b[0-9a-f]{{32}}-{_REGION}")
_MESSAGE = re.compile(rf"m[0-9a-f]{{35}}-{_REGION}")


def new_user_id(region: str) -> str:
    """Return a new, random user id, born in that region."""
    return f"u{secrets.token_hex(12)}-{region}"


def new_blob_id(region: str) -> str:
    """Return a new, random id of an image or a file that is brought to that region."""
    return f"b{secrets.token_hex(16)}-{region}"


def direct_conversation_id(one: str, other: str) -> str:
    """Return the id of the 1:1 conversation of two users; its owner is the region of birth of the smaller user id.

    Ids begin with random digits, so neither region is favoured.
    """
    smaller, larger = sorted((one, other))
    return f"d{_digest(16, smaller, larger)}-{region_of(smaller)}"


def group_id(author: str, client_message_id: str) -> str:
    """Return the id of the group that its author makes under that name; the author's home owns it, and a retry makes the same."""
    return f"g{_digest(16, 'group', author, client_message_id)}-{region_of(author)}"


def is_group_id(text: str) -> bool:
    """Whether the text has the form of a group's id."""
    return text.startswith("g") and is_conversation_id(text)


def channel_id(author: str, client_message_id: str) -> str:
    """Return the id of the channel that its author makes under that name; see `group_id`."""
    return f"c{_digest(16, 'channel', author, client_message_id)}-{region_of(author)}"


def is_channel_id(text: str) -> bool:
    """Whether the text has the form of a channel's id."""
    return text.startswith("c") and is_conversation_id(text)


def message_id(sender: str, conversation_id: str, client_message_id: str) -> str:
    """Return the id of what is to be numbered, a message as a rule: a retry, through any region and after any failover, is the same."""
    return (
        f"m{conversation_id[1:4]}{_digest(16, sender, conversation_id, client_message_id)}-{region_of(conversation_id)}"
    )


def content_hash(*parts: str) -> bytes:
    """Return 16 bytes that differ when any part of a submission's content differs."""
    return bytes.fromhex(_digest(16, *parts))


def bucket_of(identifier: str) -> int:
    """Return the bucket, 0 to 4,095, of any id."""
    return int(identifier[1:4], 16)


def region_of(identifier: str) -> str:
    """Return the region that an id names."""
    return identifier[identifier.rindex("-") + 1 :]


def partition_of(identifier: str, partitions: int) -> int:
    """Return the journal partition of an id, in a region with that many."""
    return bucket_of(identifier) * partitions // BUCKETS


def is_user_id(text: str) -> bool:
    """Whether the text has the form of a user id."""
    return _USER.fullmatch(text) is not None


def is_conversation_id(text: str) -> bool:
    """Whether the text has the form of a conversation id."""
    return _CONVERSATION.fullmatch(text) is not None


def is_blob_id(text: str) -> bool:
    """Whether the text has the form of a blob id."""
    return _BLOB.fullmatch(text) is not None


def is_message_id(text: str) -> bool:
    """Whether the text has the form of a message id."""
    return _MESSAGE.fullmatch(text) is not None


def _digest(size: int, *parts: str) -> str:
    hashed = hashlib.blake2b(digest_size=size)
    for part in parts:
        encoded = part.encode()
        hashed.update(len(encoded).to_bytes(4, "big"))
        hashed.update(encoded)
    return hashed.hexdigest()
