"""The store's SQL, by what it serves; what gateways read of conversations stands in their own repository.

setup       making a new store, and waiting until it is there
loading     what a projector must know before it judges a batch
committing  a judged batch, in one transaction that is fenced by the journal offset
hot         the one statement that every batch is written by
moderation  reports, suspensions and moderators
restraints  whom users block, and who may begin to write to them
concealed   what users have deleted for themselves alone
pruning     taking out what everybody has long followed
unsettled   what few users have, for gateways: messages that were refused, or wait for their owner
buckets     positions of partitions, by the buckets that stand in ids
"""
