"""What operators may do: roles, verbs, and who may do what to what. Pure."""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from global_directory.operators.errors import (
    NoReasonError,
    NotConfirmedError,
    NotEnoughError,
    UnknownRoleError,
    UnknownVerbError,
)
from infra.errors import InvalidFieldError

MOST_WORDS: Final = 1_000
"""Characters that a reason, or a result, may have."""
LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 256
_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{1,31}")
_TARGET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,127}")
DEPLOYMENT: Final = "deployment"
"""Who shows the deployment's own key instead of a password; nobody else is called so."""
DETECTOR: Final = "detector"
"""Who lets a standby take over by itself; no operator is called so, either."""


class Role(IntEnum):
    """What somebody may do; each may do what those before it may."""

    VIEWER = 1
    """Look at the trace, and at who the operators are."""
    OPERATOR = 2
    """Run the regions: evacuate, back up, fail over."""
    ADMIN = 3
    """Decide what is not taken back easily: trust, what a store is replaced by, who the operators are."""

    @property
    def word(self) -> str:
        """How people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Verb:
    """Something that operators do.

    Attributes:
        least: The role that it needs.
        destructive: Whether it needs a reason, and the target's name typed again.
    """

    least: Role
    destructive: bool = False


VERBS: Final = {
    "evacuate": Verb(Role.OPERATOR, destructive=True),
    "evacuate-abort": Verb(Role.OPERATOR),
    "fail": Verb(Role.OPERATOR, destructive=True),
    "fail-abort": Verb(Role.OPERATOR),
    "restore": Verb(Role.OPERATOR, destructive=True),
    "restore-abort": Verb(Role.OPERATOR),
    "reincarnate": Verb(Role.OPERATOR, destructive=True),
    "move": Verb(Role.OPERATOR, destructive=True),
    "expel": Verb(Role.ADMIN, destructive=True),
    "readmit": Verb(Role.ADMIN),
    "forget-copy": Verb(Role.ADMIN, destructive=True),
    "backup": Verb(Role.OPERATOR),
    "restore-backup": Verb(Role.ADMIN, destructive=True),
}
HANDS_OVER: Final = frozenset({"evacuate", "fail", "restore", "reincarnate", "restore-backup"})
"""Verbs in whose course the directory lets a lease be laid down, or an epoch be begun."""
GIVES_UP: Final = {
    "evacuate-abort": frozenset({"evacuate", "restore"}),
    "fail-abort": frozenset({"fail"}),
    "restore-abort": frozenset({"evacuate", "restore"}),
}
"""Verb to what is ended as it begins, on whatever machine it runs: until that has claimed, or laid the lease down. A return ends with an evacuation home."""
AT_WORK: Final = HANDS_OVER | {"evacuate-abort", "fail-abort", "restore-abort"}
"""Verbs that say that operators are at a region's duties, or have ended that: meanwhile, and a while after, nobody takes them over by itself."""


def read_role(word: str) -> Role:
    """Return the role of that name.

    Raises:
        UnknownRoleError: There is none.
    """
    try:
        return Role[word.upper()]
    except KeyError:
        raise UnknownRoleError(role=word[:32], known=", ".join(role.word for role in Role)) from None


def check_name(name: str) -> None:
    """Check what an operator is to be called.

    Raises:
        InvalidFieldError: It keeps no rules.
    """
    if not _NAME.fullmatch(name) or name in {DEPLOYMENT, DETECTOR}:
        reserved = f"{DEPLOYMENT} or {DETECTOR}"
        raise InvalidFieldError(
            field="name", reason=f"2 to 32 of a-z, 0-9, '_', '.', '-', beginning with a letter; not {reserved}"
        )


def is_name(name: str) -> bool:
    """Whether an operator may be called so: whoever is not, is none."""
    try:
        check_name(name)
    except InvalidFieldError:
        return False
    return True


def check_password(password: str) -> None:
    """Check what an operator's password is to be.

    Raises:
        InvalidFieldError: It keeps no rules.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD or "\0" in password:
        raise InvalidFieldError(field="password", reason=f"use {LEAST_PASSWORD} to {MOST_PASSWORD} characters")


def check_target(target: str) -> None:
    """Check the name of what something is to be done to.

    Raises:
        InvalidFieldError: It keeps no rules.
    """
    if not _TARGET.fullmatch(target):
        raise InvalidFieldError(field="target", reason="name a region, a user, or what a list shows")


def clean(words: str) -> str:
    """Return a sentence as it is kept: on one line, and of a bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:MOST_WORDS]


def judge(role: Role, verb: str, target: str, *, why: str, confirmed: str) -> None:
    """Say whether somebody with that role may do that now.

    Args:
        role: What they may do.
        verb: What they want to do.
        target: To what.
        why: As they have said.
        confirmed: What they have typed to confirm it.

    Raises:
        UnknownVerbError: There is no such thing to do.
        NotEnoughError: They may not.
        NoReasonError: They have not said why.
        NotConfirmedError: They have not typed the target's name.
    """
    known = VERBS.get(verb)
    if known is None:
        raise UnknownVerbError(verb=verb[:32])
    if role < known.least:
        raise NotEnoughError(verb=verb, role=role.word, needed=known.least.word)
    if known.destructive and not clean(why):
        raise NoReasonError(verb=verb)
    if known.destructive and confirmed != target:
        raise NotConfirmedError(verb=verb, target=target)
