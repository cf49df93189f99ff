"""Groups at the gateway: what members do in them, and what anybody may see of a conversation.

endpoints   HTTP
desk        what is done in a group: submitted, and waited for
schemas     what requests and answers look like
coming      what of another region may be on its way here is waited for, briefly
former      what of it is told to who belongs to it no more
pages       a conversation's history, as far as its reader may see it
plain       the same pages with messages alone
recall      what of it is not in this region is asked of its owner; and answers other regions that ask
repository  SQL reads

    endpoints ─▶ desk ─▶ outcomes ─▶ journal
    messages ─▶ plain ─▶ pages ─▶ repository, recall ═▶ the owner's recall
"""
