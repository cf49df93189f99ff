"""The keys with which a region's services come to its blob store, and the file in which they stand."""

from pathlib import Path

import msgspec

from infra.errors import SettingsError


class Credentials(msgspec.Struct, frozen=True):
    """With which keys one comes to a blob store; they stand in a file, never in arguments, settings or logs."""

    access_key: str
    secret_key: str

    @classmethod
    def read(cls, path: Path) -> "Credentials":
        """Read them.

        Raises:
            SettingsError: They cannot be read; the message does not repeat them.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else 'it must be {"access_key": …, "secret_key": …}'
            raise SettingsError(problems=f"CAUSEWAY_S3_CREDENTIALS: {path} cannot be used: {reason}") from None

    def encode(self) -> bytes:
        """Return the content of the file."""
        return msgspec.json.encode(self)

    def __repr__(self) -> str:
        return "Credentials(…)"
