"""The store's SQL, by what it serves; what gateways read stands in their own repository.

setup       making a new store, and waiting until it is there
loading     what a projector must know before it judges a batch
committing  a judged batch, in one transaction that is fenced by the journal offset
hot         the one statement that every batch is written by
pruning     taking out what everybody has long followed
unsettled   which users have what few have: refusals, and messages that wait
"""
