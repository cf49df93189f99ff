"""What is done to messages that are there, at the gateway: edits, deletions, reactions.

endpoints   HTTP
desk        what is done: submitted, and waited for
schemas     what requests and answers look like
aftermaths  SQL reads of what was made of messages, as far as a reader may see that

    endpoints ─▶ desk ─▶ messages ─▶ outcomes ─▶ journal
    pages, messages, recall ─▶ aftermaths
"""
