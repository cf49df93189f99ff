"""Pressure: what gives way when too much comes, or nothing goes out; and how long a restart is felt.

traffic   users at the client library who write at a steady rate; what became of each message
posts     requests over HTTP beside them, never repeated, so that every answer is seen as it is
abusers   devices that read nothing, and one that sends a hundred times its rate
sampling  the memory of every process, and what their queues say of themselves
cases     what is done to the federation, and what is allowed to happen then
disk      a small file system under a broker's data
recovery  one part killed or paused: its own restart, and what clients waited beyond it
figures   pure: all of that by the second, and whether it stayed within bounds
picture   memory and latency over time
report    JSON and pictures on disk
cli       `causeway pressure`

    cli ─▶ cases ─▶ traffic, posts, abusers, sampling ─▶ figures ─▶ picture, report
     └───▶ recovery ─▶ traffic
"""
