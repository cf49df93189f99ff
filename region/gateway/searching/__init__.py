"""Full text in one's own history, at the user's home: the store's index proposes entries, and each is looked at as its reader sees it.

wanted      pure: what is searched for, where a page goes on, and what of a text matches
repository  SQL: entries that may match, the newest first, a bounded number at a time
desk        finds a page
schemas     what the answer looks like
endpoints   `GET /messages/search`
"""
