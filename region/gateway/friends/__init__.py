"""Friends at the gateway, and whom one keeps away.

endpoints   HTTP: friends; blocks: blocks, and who may begin to write
circle      composes the others
desk        what is done: submitted into the pair's 1:1 conversation, and waited for; and who is listed
restraints  blocking others, and saying who may begin to write
schemas     what requests and answers look like
repository  SQL reads

    endpoints ─▶ desk ─▶ messages ─▶ outcomes ─▶ journal
                  └────▶ repository
"""
