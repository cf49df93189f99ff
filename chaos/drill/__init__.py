"""Drills: steady traffic between three regions, faults meanwhile, and the judge's verdict on what clients saw.

cli        `causeway drill`: runs one, lists them
run        one drill from its beginning to its verdict
visitors   two users who write to each other through one address, where nobody else would come
workload   pure: who writes to whom, in which order
gatherings pure: which groups there are, who posts into them, and who comes and goes
alterings  pure: which messages are edited, deleted and reacted to
hosts      the groups as they go
audiences  pure: which channels there are, who posts into them, and who subscribes and unsubscribes
publishers the channels as they go
schedule   pure: which fault when
devices    users at the client library, who send and read; all that they see goes into the ledger
tally      pure: what is counted meanwhile, and what is under way
observer   raw WebSockets, connected throughout, which note what a region sends, as it comes
frames     what regions send over a WebSocket
sightings  what the ledger records of what is shown
copies     pure: what regions hold, to be compared
reader     whole histories and digests, once everything has settled
nemesis    carries the faults out
greeting   how long a gateway takes to answer a stranger
witness    sees from outside that a fault is really there, and that it is over
figures    pure: what a ledger comes to in numbers
crowds     pure: the same of groups and channels
picture    throughput and latency, with the faults drawn over them
report     HTML for people, JSON for programs

    cli ─▶ run ─┬▶ course ─▶ devices, observer ─┐
                │    ├ workload                  ▼
                │    ├ hosts ─▶ gatherings
                │    └ publishers ─▶ audiences
                ├▶ reader ─────────────────────▶ ledger ◀─ nemesis ◀─ schedule
                │                                │           └ faults ─▶ witness
                └▶ judge, figures ◀──────────────┘
                      └─▶ report ─▶ picture
"""
