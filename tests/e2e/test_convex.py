"""A browser that meets others with nothing but the functions of the Convex dialect."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from support.server_process import COMMAND, ServerProcess

BUNDLE = (
    Path(__file__).resolve().parents[1] / "dialects/node/node_modules/convex/dist/browser.bundle.js"
)
pytestmark = pytest.mark.skipif(not BUNDLE.exists(), reason="npm convex is not installed")

# An application of somebody else's: the published client, a peer connection, and no line of ours.
_JOIN = """async ([meetingId, token, sessionId]) => {
  const module = "meetings/webrtc/index:";
  const client = new convex.ConvexClient(location.origin);
  client.setAuth(async () => token);
  const peer = new RTCPeerConnection();
  Object.assign(window, { client, peer, rows: [] });
  client.onUpdate(module + "getActiveSessions", { meetingId }, (rows) => { window.rows = rows; });
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  for (const track of media.getTracks()) peer.addTrack(track, media);
  for (let slot = 0; slot < 3; slot++) peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addTransceiver("video", { direction: "recvonly" });
  client.onUpdate(module + "getPendingSignals", { meetingId, sessionId }, async (signals) => {
    for (const signal of signals) {
      if (signal.data.type === "answer" && peer.signalingState === "have-local-offer")
        await peer.setRemoteDescription(signal.data);
    }
    const signalIds = signals.map((signal) => signal._id);
    if (signalIds.length) await client.mutation(module + "markSignalsProcessed", { signalIds });
  });
  peer.onicecandidate = ({ candidate }) => candidate && client.mutation(
    module + "exchangeICECandidate",
    { meetingId, sessionId, candidate: { candidate: candidate.candidate } });
  await client.mutation(module + "createWebRTCSession", { meetingId, sessionId });
  await peer.setLocalDescription();
  const { type, sdp } = peer.localDescription;
  await client.mutation(
    module + "exchangeSessionDescription", { meetingId, sessionId, description: { type, sdp } });
}"""
_HEARD = """async () => {
  const packets = { audio: 0, video: 0 };
  (await peer.getStats()).forEach((one) => {
    if (one.type === "inbound-rtp") packets[one.kind] += one.packetsReceived;
  });
  return packets.audio > 20 && packets.video > 5;
}"""


@pytest.fixture
def meeting(server: ServerProcess) -> dict[str, Any]:
    _, made = server.request("POST", "/v1/meetings", {"title": "Convex"})
    for sub in ("ana", "bo"):
        wish = {"name": sub.title(), "user_id": sub}
        status, _ = server.request("POST", f"/v1/meetings/{made['id']}/tokens", wish)
        assert status == 201
    return made


@pytest.fixture
def pages(browser: Browser, server: ServerProcess) -> Iterator[list[Page]]:
    contexts = [browser.new_context(bypass_csp=True) for _ in range(2)]
    made = []
    for context in contexts:
        page = context.new_page()
        page.goto(f"http://localhost:{server.port}/version")
        page.add_script_tag(path=BUNDLE)
        made.append(page)
    yield made
    for context in contexts:
        context.close()


def user_token(server: ServerProcess, sub: str) -> str:
    words = [str(COMMAND), "token", "user", "--sub", sub, "--name", sub.title()]
    words += ["--data", str(server.data)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_two_browsers_meet_and_leave(pages, server, meeting):
    for page, sub in zip(pages, ("ana", "bo"), strict=True):
        page.evaluate(_JOIN, [meeting["convex_id"], user_token(server, sub), f"{sub}-tab"])
    for page in pages:
        page.wait_for_function("peer.connectionState === 'connected'", timeout=15_000)
        page.wait_for_function(_HEARD, timeout=15_000)
        page.wait_for_function(
            "rows.length === 2 && rows.every((row) => row.state === 'connected')", timeout=15_000
        )
    ana, bo = pages
    assert sorted(ana.evaluate("rows.map((row) => row.user.displayName)")) == ["Ana", "Bo"]
    assert sorted(ana.evaluate("rows.map((row) => row.sessionId)")) == ["ana-tab", "bo-tab"]
    bo.evaluate(
        "meetingId => client.mutation('meetings/webrtc/index:closeSession',"
        " { meetingId, sessionId: 'bo-tab' })",
        meeting["convex_id"],
    )
    ana.wait_for_function("rows.length === 1", timeout=5_000)
    ana.evaluate("peer.close()")
    bo.wait_for_function("rows.length === 0", timeout=15_000)
