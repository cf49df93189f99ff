"""Who holds which region's duties, in which epoch, until when: what `replication.holding` decides, kept in the directory's store.

schemas     what requests and answers look like
duties      the use cases: one transaction each; `replication.holding.duty` judges
repository  SQL
detection   what regions see of each other, and which are taken for down by it; sightings: its SQL
copies      how far standbys are with copies of stores, as both sides tell
status      `causeway region status`: what the directory says, and what regions say of themselves

    app ─▶ duties ─▶ replication.holding.duty
              └────▶ repository
"""
