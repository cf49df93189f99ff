"""Drills: steady traffic between three regions, faults meanwhile, and the judge's verdict on what clients saw.

cli        `causeway drill`: lists drills, runs and replays them, shows their reports
watching   a drill while somebody watches, and what signals do to it
views      what the command line shows of plans, rulings and reports
catalogue  the drills by name, for people: what each does, strikes, promises and does not show
safety     what a drill may be let loose on, what it may touch, and when it stops by itself
run        one drill from its beginning to its verdict
visitors   two users who write to each other through one address, where nobody else would come
workload   pure: who writes to whom, in which order
gatherings pure: which groups there are, who posts into them, and who comes and goes
alterings  pure: which messages are edited, deleted and reacted to
hosts      the groups as they go
audiences  pure: which channels there are, who posts into them, and who subscribes and unsubscribes
publishers the channels as they go
schedule   pure: which fault when, of drills that strike one thing after another
scenarios  pure: the same of drills that have a plot, and what must hold all the same
devices    users at the client library, who send and read; all that they see goes into the ledger
tally      pure: what is counted meanwhile, and what is under way
observer   raw WebSockets, connected throughout, which note what a region sends, as it comes
frames     what regions send over a WebSocket
sightings  what the ledger records of what is shown
copies     pure: what regions hold, to be compared
reader     whole histories and digests, once everything has settled
census     which regions' stores have what
nemesis    carries the faults out
greeting   how long a gateway takes to answer a stranger
witness    sees from outside that a fault is really there, and that it is over
lookout    whether regions say that their lease has lapsed
moves      pure: how long each handing over of a region's duties took, and what was decided when
figures    pure: what a ledger comes to in numbers
crowds     pure: the same of groups and channels
budget     pure: what a drill used of a month's budget of failures
picture    throughput and latency, with the faults drawn over them
waiting    how long requests waited while parts were killed that others stand in for, as a chapter and as curves
outcome    what a drill came to
report     that as HTML for people, and JSON for programs; `chapters` are some of its page
archive    reports read again: listed, compared, taken as a plan

    cli ─▶ run ─┬▶ course ─▶ devices, observer ─┐
                │    ├ workload                  ▼
                │    ├ hosts ─▶ gatherings
                │    └ publishers ─▶ audiences
                ├▶ reader ─────────────────────▶ ledger ◀─ nemesis ◀─ schedule, scenarios
                │                                │           └ faults ─▶ witness
                └▶ judge, figures ◀──────────────┘
                      └─▶ outcome ─▶ report ─▶ chapters, waiting, picture
                                       └─▶ archive ─▶ cli
"""
