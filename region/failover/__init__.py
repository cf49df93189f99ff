"""`causeway region fail` and `restore`: a region whose site is gone is taken over by who stands by; and when the site is back it hands in what it had accepted, and gets its duties back.

plan        pure: which step is next, from what the directory and the copy say
late        what must be so before a region is declared dead, and what will be late; changes nothing
declaring   looks first, then takes over: what operators' commands and standbys that act by themselves have in common
reached     how far others have taken in what the region sent
failing     carries the steps out
tail        pure: what of the returned region's journal is handed in, and what of it was overtaken meanwhile
losses      what a site that comes back has lost, and what of it is given up
restoring   hands the tail in, and sees that everything in it has its outcome
reincarnating    a region whose Kafka lost what it had begins its next incarnation in its own store
reincarnate_cli   the command for that
giving_up   gives up what was begun, until somebody claims
repository  SQL: outcomes, and where conversations stood
cli         the commands
settings    what the takeover service needs
watching    at the standby: takes over by itself, once the directory lets it
service     the takeover service

    cli ─▶ declaring ─▶ late ─▶ region.evacuation.checks
     │         ▲  └───▶ failing ─▶ plan, reached, the directory, replication.turns
     │      service ─▶ watching
     ├───▶ giving_up ─▶ region.evacuation.aborting
     ├───▶ reincarnate_cli ─▶ reincarnating ─▶ losses, reached, the directory, replication.turns
     └───▶ restoring ─▶ losses, tail ─▶ the holder's journal; then region.evacuation
"""
