"""One live getActiveSessions through the published client; prints a JSON line for each event.

Usage: python live_python.py URL MEETING_ID TOKEN. A line {"mutation"|"action"|"query": name,
"args": {...}} on standard input is called; the client blocks, so each call has a thread.
"""

import json
import sys
import threading

from convex import ConvexClient, ConvexError

MODULE = "meetings/webrtc/index:"
url, meeting_id, token = sys.argv[1:4]
client = ConvexClient(url)
client.set_auth(token)


def tell(event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def call(kind: str, name: str, arguments: dict[str, object]) -> None:
    try:
        tell({"value": getattr(client, kind)(MODULE + name, arguments)})
    except ConvexError as error:
        tell({"error": str(error), "data": error.data})


if "--calls" in sys.argv:
    for line in sys.stdin:
        request = json.loads(line)
        arguments = request.pop("args")
        [(kind, name)] = request.items()
        call(kind, name, arguments)
else:
    subscription = client.subscribe(MODULE + "getActiveSessions", {"meetingId": meeting_id})
    threading.Thread(target=sys.stdin.read, daemon=True).start()
    for rows in subscription:
        tell({"rows": rows})
