"""SQL of which blob stands for which user or conversation: by it a picture is kept while it is used, and shown to whom it may be."""

from collections.abc import Mapping

from infra.postgres import Connection
from region.store.arrays import Texts


async def write_pictures(connection: Connection, pictured: Mapping[str, str]) -> None:
    """Write what stands for these from now on.

    Args:
        connection: To the store.
        pictured: User or conversation to the blob; empty for none any more.
    """
    if not pictured:
        return
    await connection.execute("DELETE FROM pictures WHERE holder = ANY(%s::text[])", (Texts(pictured),))
    rows = [(holder, blob_id) for holder, blob_id in pictured.items() if blob_id]
    if rows:
        await connection.cursor().executemany("INSERT INTO pictures (holder, blob_id) VALUES (%s, %s)", rows)
