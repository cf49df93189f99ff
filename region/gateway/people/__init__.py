"""Finding users by the beginning of a handle or of a word of their display names, in all regions at once.

Each region knows those who live there, and ranks alike; so pages of several regions merge into one, by place.

ranking     pure: what is searched for, where somebody stands among those who are found, cursors, merging
repository  SQL reads: who is found here, in order, a bounded number of rows at a time
here        answers for this region, to its own gateways and to other regions
others      asks another region's gateway, within a deadline
search      both, merged; names the regions that did not answer

    GET /users?query= ─▶ search ─┬▶ here ─▶ repository
                                 └▶ others ═ GET /internal/people ═▶ here, in another region
"""
