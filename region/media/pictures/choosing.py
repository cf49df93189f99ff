"""Choose an image to stand for a user, a group or a channel: one's own, and ready; from then on it is kept."""

import time

import psycopg

from infra.errors import CausewayError, InvalidFieldError, UnavailableError
from infra.postgres import STORE_FAILURES, Connection, Pool
from region.media import repository
from region.media.errors import NotReadyError
from region.media.pictures.repository import take
from replication.ids import is_blob_id
from replication.pictures import Picture, objection_to


class NoPictureError(CausewayError):
    """The blob {blob_id} cannot be a picture: it {reason}. Bring a JPEG, PNG, WebP or GIF of up to 5 MiB with the kind image, then name that one."""

    code = "not-a-picture"
    status = 422
    definite = True


class Choosing:
    """Judges what is chosen."""

    def __init__(self, store: Pool) -> None:
        """Say where blobs are known."""
        self._store = store

    async def choose(self, owner: str, blob_id: str) -> Picture:
        """Return an image as a picture, and keep it from being collected until what refers to it is decided.

        Raises:
            InvalidFieldError: It is no blob id.
            NotReadyError: It is not the owner's, or not ready.
            NoPictureError: It is no image.
            UnavailableError: The store is away.
        """
        if not is_blob_id(blob_id):
            raise InvalidFieldError(field="picture", reason="it is an id that POST /uploads gave, or null for none")
        try:
            async with self._store.connection() as connection:
                picture = await take(connection, owner, blob_id, now=time.time_ns() // 1000)
                if picture is None:
                    raise await _reason(connection, owner, blob_id)
        except (*STORE_FAILURES, psycopg.Error) as error:
            raise UnavailableError(what="The store") from error
        if objection := objection_to(picture):
            raise NoPictureError(blob_id=blob_id, reason=objection)
        return picture


async def _reason(connection: Connection, owner: str, blob_id: str) -> CausewayError:
    blob = await repository.blob(connection, blob_id)
    if blob is None or blob.owner != owner:
        return NotReadyError(blob_id=blob_id, reason="it is no upload of yours; bring the image, then name that one")
    if blob.kind != "image":
        return NoPictureError(blob_id=blob_id, reason="was brought as a file")
    return NotReadyError(blob_id=blob_id, reason=f"it is {blob.state}; complete its upload, then name it again")
