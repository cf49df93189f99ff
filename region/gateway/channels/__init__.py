"""Channels at the gateway: what is done in them, who finds them, and which devices follow which.

endpoints   HTTP
desk        what is done in a channel; what is as in groups is the groups' desk's
schemas     what requests and answers look like
finding     public channels for strangers: found in all regions, and looked into, as their owners tell
following   pure: which users with a device here follow which channels
follower    makes it so: registers this gateway's interest in a channel, before anything is read that would lack a post
repository  SQL reads

    endpoints ─▶ desk ─▶ groups.desk ─▶ journal
                  └────▶ finding ═▶ the owners' finding
    sockets ─▶ follower ─▶ interest, catchup;  hub ─▶ following
"""
