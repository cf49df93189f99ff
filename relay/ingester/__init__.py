"""Takes in what other regions relay to this one: checks, judges by stream, and appends to the local journal.

admission  pure: may this record come from there at all
progress   pure: how far each stream came, as commit metadata
intake     pure: one mirrored record into what is to be done with it
reader     reads one origin's mirrored topic, batch by batch, and commits after every append is acknowledged
metrics    what is counted
service    entry point: one reader an origin

    <origin>.relay.<here> ─▶ reader ─▶ intake ─▶ admission, replication.streams
                                │ └──▶ journal
                                └────▶ commit: offset and progress
"""
