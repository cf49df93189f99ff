"""Everything that one does in conversations, over plain HTTP: run it while a federation is up, `python docs/examples/conversation.py [URL]`.

Registers two people, makes a group and a channel, writes, answers, edits, reads and searches. Needs nothing but Python.
"""
# ruff: noqa: INP001 — a script, and no package

import json
import secrets
import sys
import urllib.parse
import urllib.request
from typing import Any

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7100"


def call(method: str, path: str, token: str = "", **body: object) -> dict[str, Any]:
    """Make a request; return its answer, and say what was asked."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = json.dumps(body).encode() if body else None
    request = urllib.request.Request(URL + path, content, headers, method=method)  # noqa: S310 — an address that was given
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 — likewise
        print(method, path.partition("?")[0], answer.status)  # noqa: T201 — it shows what happens
        raw = answer.read()
    return dict(json.loads(raw)) if raw else {}


def register(name: str) -> dict[str, Any]:
    """Make an account with a handle that nobody has."""
    return call("POST", "/register", handle=f"{name}-{secrets.token_hex(4)}", password="correct horse")  # noqa: S106 — an example


def main() -> None:
    """Do it all, and show what is found in the end."""
    ada, ben = register("ada"), register("ben")
    hers, his = ada["access_token"], ben["access_token"]

    group = call("POST", "/groups", hers, name="Travellers", member_ids=[ben["user_id"]])["group_id"]
    # A name of one's own for what one sends makes it safe to send again: it is the same message, and happens once.
    sent = call("POST", f"/groups/{group}/message", hers, text="To the norht pier!", client_message_id="1")
    call("POST", f"/groups/{group}/message", his, text="When?", reply_to=sent["message_id"])
    call("PATCH", f"/messages/{sent['message_id']}", hers, text="To the north pier!")
    call("POST", f"/messages/{sent['message_id']}/read", his)
    for message in call("GET", f"/groups/{group}/messages", his)["messages"]:
        print("   ", message["seq"], message["text"])  # noqa: T201

    channel = call("POST", "/channels", hers, name="News of the harbour")["channel_id"]
    call("POST", f"/channels/{channel}/subscribers", his, client_message_id="subscribe")
    call("POST", f"/channels/{channel}/message", hers, text="The pier is open")

    query = urllib.parse.quote('"north pier"')
    for hit in call("GET", f"/messages/search?query={query}", his)["hits"]:
        print("    found:", hit["message"]["text"])  # noqa: T201


if __name__ == "__main__":
    main()
