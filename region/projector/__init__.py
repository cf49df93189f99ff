"""The projector: takes a journal's records in order, judges them, and writes what follows to the store, a transaction a batch.

cases       one journal record, where it stands, and what must be known to judge it
homes       where users live and who owns a conversation
docket      pure: a batch while it is judged: what is known, what follows
judge       pure: one case; hands it on by its kind
messages    pure: a message, or what happens in a group, is numbered, kept pending, refused or answered again
refusing    pure: what is not numbered is refused, for good, with a sentence for its author
numbering   pure: the next seq, who is told, and the state after it
kinds       pure: what can stand in a group's log or a channel's, each with its rule and its effect
rules       pure: what may happen in a group
effects     pure: what an entry changes in a group
channels    pure: what may happen in a channel, and what it changes there
friends     pure: the same of a pair's friendship, with its rules
restraints  pure: blocks, and who may begin to write: judged where the user lives who wants that
moderation  pure: reports, and what moderators decide
concealing  pure: what users delete for themselves alone
openings    pure: asking a recipient's home whether a conversation may begin, and its answer
reminders   pure: asking again for what waits for another region
entries     pure: what owners elsewhere decided: entries, states of conversations, refusals
marks       pure: received and read
accounts    pure: users and devices
memory      what is kept in memory between batches
reading     pure: journal records into cases; what newer software wrote goes aside with what follows it
lived       whether an empty store was lost, and whether one went back; notes how far it has come
loop        one batch: load, judge, commit; halve it when it fails
nudge       tells followers, through Redis, that there is something new
shares      pure: how several projectors divide the partitions
sharing     keeps one's share, by short leases in the store
service     the process: Kafka to loop, whatever is away
trimming    beside it: cuts off of the journal what is decided and old
watch       beside it: whether Kafka and the store answer, and the lag
metrics     what it counts

    service ─▶ loop ─▶ store.loading ─▶ judge ─▶ messages | openings | entries | marks | accounts ─▶ docket ─▶ store.committing
"""
