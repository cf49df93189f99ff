"""What lies between devices and their home region, and between regions: edge, forwarder and ingester.

edge       takes any user's connection; serves it here if this is the home region, else bridges it there
forwarder  drains relay rows, in order, at least once, into `relay.<destination>`
ingester   reads `<origin>.relay.<here>`, checks, drops what was had, appends to the journal

    device ─▶ edge ─▶ gateway here, or ═ trunk ═▶ gateway of the home region
    relay rows ─▶ forwarder ─▶ relay.<destination> ═ MirrorMaker 2 ═▶ ingester ─▶ journal
"""
