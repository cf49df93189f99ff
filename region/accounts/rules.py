"""What a password, a display name and a device's name must look like."""

import unicodedata

from infra.errors import InvalidFieldError

PASSWORD_SHORTEST = 8
PASSWORD_LONGEST = 1024
NAME_LONGEST = 64


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
        InvalidFieldError: It is longer than 64 characters, or holds control characters.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if len(cleaned) > NAME_LONGEST:
        raise InvalidFieldError(field=field, reason=f"use at most {NAME_LONGEST} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in cleaned):
        raise InvalidFieldError(field=field, reason="it holds control characters")
    return cleaned or otherwise
