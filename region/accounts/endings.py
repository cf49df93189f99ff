"""Why a device was logged out, as its owner is told: the token problem that programs see, and the sentence that people read."""

from typing import Final

from infra.errors import InvalidTokenError
from region.accounts.tokens import refused

REUSED: Final = "refresh-token-reused"
PASSWORD_CHANGED: Final = "password-changed"  # noqa: S105 — a code
CROWDED_OUT: Final = "too-many-devices"
SUSPENDED: Final = "account-suspended"
MOST_DEVICES: Final = 100
"""How many devices a user may have logged in; with one more, the one that was not refreshed for longest is logged out."""

_ENDINGS: Final = {
    SUSPENDED: ("suspended", "its user's account is suspended; logging in tells why"),
    REUSED: (
        "reused",
        "a refresh token of its was shown again that had been used, as a thief would, so its device was logged out; unless you know why, change your password",
    ),
    PASSWORD_CHANGED: ("password-changed", "the password was changed, and its device was logged out with that"),
    CROWDED_OUT: (
        "too-many-devices",
        f"its user has logged in more than {MOST_DEVICES} devices, and of those its device was not used for longest",
    ),
}


def problem_of(why: str) -> str:
    """Return the token problem of a device that was logged out for that reason: `revoked` if it is no special one."""
    return _ENDINGS.get(why, ("revoked", ""))[0]


def ended(why: str) -> InvalidTokenError:
    """Return what is raised for the token of a device that was logged out.

    Args:
        why: The code that the store keeps; empty if somebody logged it out.
    """
    problem, sentence = _ENDINGS.get(why, ("revoked", "its device was logged out"))
    return refused(problem, sentence)
