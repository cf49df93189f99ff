"""Signs: who is there, who types, and whose profile has changed. They pass; kept in Redis and in memory alone, and the first thing to be given up under load.

signs       composes the others
presence    pure: what Redis holds of a user becomes online, offline or unknown
residents   tells the presence of users who live here, to their friends alone; other regions ask it at the internal port
neighbours  asks other regions for the presence of theirs
desk        puts both together, for whoever asks
watchers    looks again and again for devices that watch somebody
typing      pure: who is told that somebody types or has changed their profile, and where
typists     takes it from devices and other regions, and has it told
carriers    carries it to other regions
hearing     tells it the devices of this gateway
endpoints   HTTP
schemas     what its answers look like
repository  SQL reads: who are friends, who is a member
metrics     what was shed

    endpoints, friends,
              watchers ─▶ desk ─┬▶ residents ─▶ Redis, store
                                └▶ neighbours ═▶ residents of another region
    sockets ─▶ typists ─┬▶ Redis ─▶ hearing ─▶ hub
                        └▶ carriers ═▶ typists of another region
"""
