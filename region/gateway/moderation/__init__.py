"""Reports by users, and what moderators do about them.

endpoints  HTTP: reporting, and the region's API for moderators
desk       reports, the queue, and decisions: submitted in the name of the account concerned, and waited for
removing   what takes a reported message away, in the name of its author
schemas    what requests and answers look like
cli        `causeway moderate`: the same for operators, who also say who is a moderator

    endpoints ─▶ desk ─▶ decisions ─▶ journal
    cli ─▶ journal, store
"""
