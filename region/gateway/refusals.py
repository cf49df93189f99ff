"""HTTP statuses of what a conversation's owner refuses, by code."""

from collections.abc import Mapping
from typing import Final

from region.holding.errors import ISLANDED

STATUS_OF_REFUSAL: Final[Mapping[str, int]] = {
    "recipient-unknown": 404,
    "user-unknown": 404,
    "no-such-member": 404,
    "content-conflict": 409,
    "group-full": 409,
    "last-owner": 409,
    "already-a-member": 409,
    "already-waiting": 409,
    "too-many-invites": 409,
    "channel-full": 409,
    "too-many-posters": 409,
    "too-many-banned": 409,
    "too-many-asking": 409,
    "too-many-former": 409,
    "slow-mode": 429,
    "already-friends": 409,
    "already-asked": 409,
    "no-friend-request": 409,
    "not-friends": 409,
    "you-blocked-them": 409,
    "friends-only": 403,
    "not-addable": 403,
    "invite-not-good": 410,
    "nobody-left": 410,
    "not-a-member": 403,
    "not-allowed": 403,
    "banned": 403,
    "message-unknown": 404,
    "message-deleted": 410,
    "not-the-author": 403,
    "too-late-to-edit": 403,
    "forwarded": 403,
    "unchanged": 409,
    "overtaken": 409,
    "too-many-edits": 409,
    "too-many-reactions": 409,
    "too-many-pins": 409,
    ISLANDED: 409,
}
"""HTTP statuses of refusals that are not 422."""
