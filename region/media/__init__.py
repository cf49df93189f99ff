"""Images and files of messages: their bytes go straight between device and blob store; here is what surrounds that.

settings    where the blob store is, and what is allowed
service     the process `media`, apart from the others, which it cannot slow down: composes what follows

    gateway ─▶ (signed addresses) ─▶ device ◀─▶ blob store ◀─ service
"""
