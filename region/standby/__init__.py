"""A region's store as its standby has it: a copy that follows every change, by PostgreSQL's own logical replication.

settings    where the changes are offered, and whose are taken in
publisher   at the store: who may read its changes, its beat, and how far the standby is behind
gate        at the store: lets the standby's server in, over mutual TLS, as one role and to one database
approach    at the standby: the way to a gate, which is open only while the store is still the one that the copy is of
admission   pure: how a connection to PostgreSQL begins, and which beginning is let in
copy        at the standby: makes the copy, watches it, makes a new one where the old cannot go on
judging     pure: what is to be done with a copy, by what it and its store say
lag         pure: how many seconds somebody is behind, by beats
blobs       at the standby: brings the bytes of images and files after the copy, and takes away those that are gone
metrics     how far the standby is
comparing   pure: whether a table is the same in both, by what was read while they went on
cli         `causeway standby`: compares a copy with its store, and gives one up, lists blobs that are missing

    copy ─▶ PostgreSQL of the standby ─▶ approach ═ TLS ═▶ gate ─▶ PostgreSQL of the region ◀─ publisher
"""
