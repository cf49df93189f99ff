"""`causeway region evacuate`: a region's duties are handed from one of its two sites to the other, by plan, so that nothing accepted is lost.

plan        pure: which step is next, from what the directory and both stores say
seats       where a region's duties can be: store, Kafka and blobs at a site
repository  SQL: what is left to do in a store, and what there is in it
checks      what must be so before anything is begun; changes nothing
copying     a store that stands still, copied whole and compared; blobs, those that are missing
answering   gives up what takes long when a server that it needs stands still
announcing  tells the directory of the plan, while there is one
moving      carries the steps out, one after the other, and hands back what it cannot finish
errors      what stops any of these commands
telling     what they tell while they go on
aborting    gives up what was begun, until somebody claims
alone       one command at a time moves a region's duties; which way one is going that was not ended
confirming  asks for the region's name before anybody is kept out
audit       who did what, when, and why
cli         the command

    cli ─▶ confirming ─▶ alone
     ├──▶ checks ─▶ seats, repository
     ├──▶ aborting ─▶ moving
     └──▶ moving ─▶ plan
             ├────▶ replication.turns, the directory
             └────▶ copying, audit
"""
