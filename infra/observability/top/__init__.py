"""Everything at a glance: regions with their rates and lags, parts, links; again every two seconds.

cli     the command
look    asks the supervisor, and every part's `/metrics`
figures pure: two looks to tables of figures
screen  the tables on a full screen, sorted as somebody likes; or printed once

    cli ─▶ screen ─▶ look ─▶ figures
"""
