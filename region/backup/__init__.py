"""`causeway region backup` and `restore-backup`: a region's store, as it was at one moment, in a blob store; and back, where nothing has gone beyond it.

manifest    pure: what a backup says of itself, what stands against restoring it, which are kept
places      where a region's store, journal and backups are
shelf       backups in a blob store: listed, read, written, removed
repository  SQL: what is read in one view of a store; what is changed in one that was restored
making      makes a backup, and removes those that are too old
verifying   whether a backup is whole, and which blobs that it refers to are missing
restoring   restores one aside, and lets it take the store's place
cli         the commands

    cli ─▶ making, verifying, restoring ─▶ manifest
                  ├──▶ shelf ─▶ infra.blobs
                  └──▶ repository, region.evacuation.copying
"""
