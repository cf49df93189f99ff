"""Records that could not be read or applied: put aside in the region's store, listed, looked into, and replayed.

records     pure: what is kept of one, and how it is named
keeping     which are kept: not more than there is room for; of the others it is told
outline     pure: what can be told of its bytes without telling what people wrote, or any secret
repository  SQL of the table that keeps them
cli         `causeway poison`

    region.projector ─▶ keeping, repository ◀─ relay.ingester       cli ─▶ repository: a wish for a replay, which they fulfil
"""
