"""SQL that finds what a device holds of a conversation and its log has no more: it was numbered by a holder that was declared dead before its standby had it."""

from collections.abc import Mapping

from infra.postgres import Connection


async def withdrawn(
    connection: Connection, user_id: str, held: Mapping[str, tuple[int, int]], *, region: str, epoch: int
) -> dict[str, int]:
    """Return conversation to the last seq of what a device holds that still stands; those of which everything stands are left out.

    Positions are (epoch, seq): what stands is what an epoch not above the device's has numbered, as far as no later one has numbered it again.

    Args:
        connection: Where.
        user_id: Whose device it is; conversations that are not that one's are left out.
        held: Conversation to the epoch and seq of the last entry that the device holds.
        region: This region, for conversations of which it has nothing at all.
        epoch: In which it decides.
    """
    cursor = await connection.execute(
        "SELECT h.conversation_id, coalesce(least(c.head, b.last), 0)::bigint"
        " FROM unnest(%(names)s::text[], %(epochs)s::int[], %(seqs)s::bigint[]) AS h (conversation_id, epoch, seq)"
        " LEFT JOIN conversations c ON c.conversation_id = h.conversation_id"
        " LEFT JOIN members m ON m.conversation_id = h.conversation_id AND m.user_id = %(user)s"
        " LEFT JOIN LATERAL ("
        "  SELECT min(e.seq) - 1 AS last FROM entries e"
        "  WHERE e.conversation_id = h.conversation_id AND e.epoch > h.epoch AND e.seq <= h.seq AND e.seq > coalesce(("
        "   SELECT o.seq FROM entries o WHERE o.conversation_id = h.conversation_id AND o.seq <= h.seq AND o.epoch <= h.epoch"
        "   ORDER BY o.seq DESC LIMIT 1), 0)"
        " ) b ON c.epoch > h.epoch"
        " WHERE h.seq > coalesce(least(c.head, b.last), 0) AND h.epoch > 0"
        " AND (m.user_id IS NOT NULL OR (c.conversation_id IS NULL AND h.epoch < %(epoch)s AND h.conversation_id LIKE %(owned)s))",
        {
            "names": list(held),
            "epochs": [place[0] for place in held.values()],
            "seqs": [place[1] for place in held.values()],
            "user": user_id,
            "epoch": epoch,
            "owned": f"%-{region}",
        },
    )
    return dict(await cursor.fetchall())
