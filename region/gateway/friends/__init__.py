"""Friends at the gateway: asked for, accepted, declined, removed and listed.

endpoints   HTTP
circle      composes the others
desk        what is done: submitted into the pair's 1:1 conversation, and waited for; and who is listed
schemas     what requests and answers look like
repository  SQL reads

    endpoints ─▶ desk ─▶ messages ─▶ outcomes ─▶ journal
                  └────▶ repository
"""
