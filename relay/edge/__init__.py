"""The public port of a region: serves its own users here, and bridges everybody else's requests to their home.

tokens     pure: what an access or refresh token claims, unverified
routing    pure: by what the home of a request is found
redirects  pure: what to do when a region answers 421
errors     what the edge itself refuses
proxies    whom it believes about devices' addresses
messages   reading bodies once and answering problems, in ASGI terms
device     a device's WebSocket while its home is being found
http       one HTTP request to a gateway, here or in another region
sockets    one WebSocket to a gateway, here or over a trunk
app        the ASGI app: finds the home, lets `http` or `sockets` carry it there
metrics    what is counted
settings   what is configured
service    entry point

    device ─▶ app ─▶ routing ─▶ directory, sometimes
               ├─▶ http ────▶ gateway here (a call) or elsewhere (httpx)
               └─▶ sockets ─▶ gateway here (a call) or elsewhere (a trunk)
"""
