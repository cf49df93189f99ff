"""Takes in what other regions relay to this one: checks, judges by stream, and appends to the local journal.

admission  pure: may this record come from there at all
intake     pure: one mirrored record into what is to be done with it
lane       pure: one mirrored partition: parked streams, what waits behind their gaps, what a crash must find again
asking     pure: which gaps and holes the origin is asked for next
repairer   asks the origin over HTTP
shelf      keeps poison in the store, and brings it back
brought    what was taken in before the duties came to be held here
reader     reads one origin's mirrored topic, batch by batch, and commits after every append is acknowledged
telling    tells people and metrics what came of that
settings   what it is configured with
metrics    what is counted
service    entry point: one reader for each way from each origin

    <origin>.relay.<here> ─▶ reader ─▶ lane ─▶ intake ─▶ admission, replication.streams
    the origin's gateway ─▶ repairer ─┘ │ └──▶ journal
                                        └────▶ commit: offset and progress
"""
