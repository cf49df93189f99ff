"""What a password, a display name, a status text and a device's name must look like."""

import unicodedata

from infra.errors import InvalidFieldError
from region.accounts.letters import object_to_letters, object_to_name

PASSWORD_SHORTEST = 8
PASSWORD_LONGEST = 1024
NAME_LONGEST = 64
STATUS_LONGEST = 140


def check_password(password: str) -> None:
    """Refuse a password that is too short to be safe, or absurdly long.

    Length is counted in characters; nothing is demanded of what they are (NIST SP 800-63B).

    Raises:
        InvalidFieldError: Too short or too long.
    """
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        raise InvalidFieldError(field="password", reason=f"use {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters")


def clean_name(name: str, *, field: str, otherwise: str) -> str:
    """Return a name as it will be shown: composed, trimmed, runs of white space as one space.

    Args:
        name: As it was typed.
        field: What to call it in an error.
        otherwise: What to use if nothing is left of it.

    Raises:
        InvalidFieldError: It is longer than 64 characters, or holds what nobody sees, or there is nothing to be seen of it.
    """
    cleaned = _cleaned(name, field=field, longest=NAME_LONGEST)
    if cleaned and (objection := object_to_name(cleaned)):
        raise InvalidFieldError(field=field, reason=objection)
    return cleaned or otherwise


def clean_status(text: str, *, field: str) -> str:
    """Return a status text as it will be shown, composed and trimmed as a name is; it may be empty.

    Args:
        text: As it was typed.
        field: What to call it in an error.

    Raises:
        InvalidFieldError: It is longer than 140 characters, or holds what nobody sees.
    """
    return _cleaned(text, field=field, longest=STATUS_LONGEST)


def _cleaned(text: str, *, field: str, longest: int) -> str:
    cleaned = " ".join(unicodedata.normalize("NFC", text).split())
    if len(cleaned) > longest:
        raise InvalidFieldError(field=field, reason=f"use at most {longest} characters")
    if objection := object_to_letters(cleaned):
        raise InvalidFieldError(field=field, reason=objection)
    return cleaned
