"""Many device WebSockets multiplexed over few connections between two processes.

frames    what travels: open, accepted, data, close, credit; many frames make one WebSocket message
protocol  pure: channels and their credit; frames in, events out
link      one trunk connection in the event loop: channels that can be awaited, one writer, one message a tick
client    a pool of trunks to one URL
server    an ASGI wrapper that gives each channel to the app as a WebSocket of its own

    relay.edge ─▶ client.TrunkPool ═ one WebSocket, path /trunk ═▶ server.TrunkAcceptor ─▶ region.gateway's ASGI app

Each direction of each channel has a window of bytes that its receiver has granted; so one slow device fills its own window
and blocks nobody else's, and what a process holds for a channel is bounded.
"""
