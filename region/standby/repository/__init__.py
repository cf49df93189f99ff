"""The SQL of a store's changes and of its copy: PostgreSQL alone, since its own logical replication carries them.

publishing  in the store that is copied: its life, its beat, who may read its changes, and how far they were read
copying     in the server that keeps the copy: its databases, and what their subscriptions say
kept        in the copy: which of its blobs have their bytes at the standby
digests     in both: what each table holds, in one number
"""
