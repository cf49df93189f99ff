"""The benchmark: open-loop load over WebSockets, with every message accounted for.

cli       `causeway bench`: scenarios, rates, and what is done before and after
accounts  users of the load, made once and kept for later runs
load      sockets and the schedule: sends when messages are due, whatever happened to earlier ones
ledger    pure: what became of each message, and what must not have
measure   the machine, the parts' share of it, and the load client's own
storm    a gateway dies, and thousands of devices come back: `causeway bench storm`
crowd    those devices, bare; fleet: what they are let in with, kept for later runs
media    a large file for a traveller, with cuts, and who grew: `causeway bench media`; tunnel: what is cut
channels what a post costs and how long it takes, by the number of subscribers: `causeway bench channels`
revocations how soon another region turns a device away that was logged out: `causeway bench revocations`
web       the web app in a browser, with very much in it: `causeway bench web`, by webcli; webseed: makes that
report    the table, the JSON and the picture

    cli ─▶ accounts ─▶ load ─▶ ledger ─▶ report
                         └───▶ measure ────┘
"""
