"""Two hosts on one machine: network namespaces joined by a virtual cable that can be pulled.

Needs Linux, root and iproute2. Nothing outside the two namespaces is touched.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

SERVER_ADDRESS = "10.77.0.1"
CLIENT_ADDRESS = "10.77.0.2"


def available() -> bool:
    """Whether namespaces can be made here."""
    return sys.platform == "linux" and os.geteuid() == 0


def request(namespace: str, port: int, method: str, path: str, body: object = None) -> Any:
    """Ask the native API of a server on loopback in a namespace; the JSON of its answer."""
    done = subprocess.run(
        ["ip", "netns", "exec", namespace, "curl", "-sS", "-X", method]
        + ["-H", "Authorization: Bearer rt_dev", "-H", "Content-Type: application/json"]
        + (["-d", json.dumps(body)] if body is not None else [])
        + [f"http://127.0.0.1:{port}{path}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


class Cable:
    """A server's and a client's namespace and the cable between them; a context manager.

    Attributes:
        server: Name of the server's namespace; it has a loopback and `SERVER_ADDRESS`.
        client: Name of the client's namespace; it has a loopback and `CLIENT_ADDRESS`.
        near: The server's end of the cable.
        far: The client's end.
    """

    def __init__(self) -> None:
        self.server = f"rt-server-{os.getpid()}"
        self.client = f"rt-client-{os.getpid()}"

    def __enter__(self) -> Self:
        near, far = f"rts{os.getpid()}", f"rtc{os.getpid()}"
        for name in (self.server, self.client):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("link", "add", near, "netns", self.server, "type", "veth",
            "peer", "name", far, "netns", self.client)  # fmt: skip
        self.near, self.far = near, far
        _ip("-n", self.server, "addr", "add", f"{SERVER_ADDRESS}/24", "dev", near)
        _ip("-n", self.client, "addr", "add", f"{CLIENT_ADDRESS}/24", "dev", far)
        _ip("-n", self.client, "link", "set", far, "up")
        self.restore()
        return self

    def __exit__(self, *_: object) -> None:
        for name in (self.server, self.client):
            subprocess.run(["ip", "netns", "del", name], check=False)

    def cut(self) -> None:
        """Pull the cable: packets of both sides vanish, no socket is told."""
        _ip("-n", self.server, "link", "set", self.near, "down")

    def restore(self) -> None:
        """Put the cable back."""
        _ip("-n", self.server, "link", "set", self.near, "up")

    def program(self, namespace: str, program: str, folder: Path) -> Path:
        """A script that runs a program inside a namespace, for callers that want one path."""
        script = folder / f"{Path(program).name}-{namespace}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {namespace} {program} "$@"\n')
        script.chmod(0o755)
        return script


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
