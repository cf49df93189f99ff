"""What faults do: each is put on, seen from outside, taken off, and over when what it struck is well again.

injector   what every fault can do, and how the supervisor is asked
parts      a part killed, paused, restarted; all of a region, or of the directory, standing still; all of a region gone
replicas   a part killed that others stand in for
deaths     a region that dies, is declared dead and taken over, comes back and is restored
takeovers  whether a federation takes over by itself, and what is written down of it
losses     the same, and the disk of its store is lost
duties     a region's duties handed to another site by an operator's command, and back
links      links cut, slowed, narrowed; a network that falls apart
caches     a Redis that forgets everything
mirrors    a MirrorMaker that repeats; relay topics that lose what it has not copied
doubles    two instances of a service at once, one of them behind the times
disks      a part whose disk is full

    nemesis ─▶ injector_of ─▶ parts | replicas | deaths | losses | duties | links | caches | mirrors | doubles | disks ─▶ witness
"""
