"""Malformed requests and frames, thousands of them, from a seed: nothing may crash, hang, leak, or be told what it should not.

tally     what was sent, what came back, and what was found wrong
garble    pure: what is sent, from a seeded random source
wire      bytes to a port, and what comes back: HTTP answers and WebSocket frames, by hand, so that both may be wrong
visitors  accounts that the fuzzer acts as
things    what the writer among them has, so that what is sent names what is there
openapi   every endpoint as the region describes it, by schemathesis, with conformance of every answer
heads     HTTP that is none: heads, bodies and their framing
frames    WebSockets of devices: frames that are none, and frames that say nonsense
trunks    trunks between regions
vitals    memory, descriptors, tasks and logged errors of each process, judged over the rounds
places    the ports of a federation
order     what is wanted of a run, and how far it is
run       the rounds, and a real user afterwards
cli       the command

    cli ─▶ run ─┬▶ openapi, heads, frames, trunks ─▶ wire ─▶ the federation
                └▶ vitals                each tells tally
"""
