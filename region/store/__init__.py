"""The region's store: what its tables hold, and the SQL that reads and writes them.

revisions   the tables, and every change of them
rows        one class for what each table holds
writes      what one batch changes
names       pure: names folded, and where in them searches begin; words: the words of messages, and their index
arrays      lists as PostgreSQL arrays, for statements that take a whole batch
repository  the SQL: preparing, loading for a projector, committing a batch, reading for gateways, pruning

    region.projector ─▶ repository.loading, repository.committing ─▶ PostgreSQL ◀─ repository.reading ◀─ region.gateway
"""
