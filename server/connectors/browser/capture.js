// Runs in every frame before the page's own scripts: keeps the tracks that the page receives where
// they can be published a second time. Nothing here changes what the page itself sees or hears.
(() => {
  if (window.__roomtone || !window.RTCPeerConnection) return;
  const Peer = window.RTCPeerConnection;
  const peers = new Set();
  const tracks = new Map(); // id -> { track, receiver }
  const publications = new Map(); // key -> { peer, sender, track }
  const TRACKS = 100; // as many as are taken of a look
  const LOUD = 0.01; // root mean square, of 1; a quiet voice is about 0.03

  const watch = (peer) => {
    peers.add(peer);
    peer.addEventListener("track", ({ track, receiver }) => {
      if (track.kind !== "audio") return;
      tracks.set(track.id, { track, receiver });
      track.addEventListener("ended", () => tracks.delete(track.id));
    });
  };
  const Watched = new Proxy(Peer, {
    construct(target, given, made) {
      const peer = Reflect.construct(target, given, made === Watched ? target : made);
      watch(peer);
      return peer;
    },
  });
  window.RTCPeerConnection = Watched;
  if (window.webkitRTCPeerConnection) window.webkitRTCPeerConnection = Watched;

  // How loud it was since the last look (webrtc-stats: energy over time is the mean square). The
  // level of the RTP header is not everywhere forwarded.
  const heard = async (one) => {
    const { track, receiver } = one;
    let energy = 0;
    let seconds = 0;
    for (const entry of (await receiver.getStats()).values()) {
      if (entry.type !== "inbound-rtp" || entry.kind !== "audio") continue;
      energy = entry.totalAudioEnergy ?? 0;
      seconds = entry.totalSamplesDuration ?? 0;
    }
    const past = one.past ?? { energy, seconds };
    one.past = { energy, seconds };
    const span = seconds - past.seconds;
    const level = span > 0 ? Math.sqrt(Math.max(0, energy - past.energy) / span) : 0;
    const sources = receiver.getContributingSources();
    return {
      id: track.id,
      sounding: !track.muted && level > LOUD,
      source: sources.length === 1 ? sources[0].source : null,
    };
  };

  const gathered = (peer, milliseconds) =>
    new Promise((done) => {
      if (peer.iceGatheringState === "complete") return done();
      setTimeout(done, milliseconds);
      peer.addEventListener("icegatheringstatechange", () => {
        if (peer.iceGatheringState === "complete") done();
      });
    });

  const drop = (key) => {
    publications.get(key)?.peer.close();
    publications.delete(key);
  };

  const tools = {
    /** What the page receives, and how it fares. */
    async look() {
      for (const peer of peers) if (peer.connectionState === "closed") peers.delete(peer);
      for (const [id, { track, receiver }] of tracks) {
        if (track.readyState === "ended" || receiver.transport?.state === "closed")
          tracks.delete(id);
      }
      return {
        peers: [...peers].slice(0, TRACKS).map((peer) => peer.connectionState),
        tracks: await Promise.all([...tracks.values()].slice(0, TRACKS).map(heard)),
        publications: Object.fromEntries(
          [...publications].map(([key, { peer }]) => [key, peer.connectionState]),
        ),
      };
    },
    /** The offer of a new publication (RFC 9725: one that only sends). */
    async offer(key) {
      drop(key);
      const peer = new Peer();
      const { sender } = peer.addTransceiver("audio", { direction: "sendonly" });
      publications.set(key, { peer, sender });
      await peer.setLocalDescription();
      await gathered(peer, 1000);
      return peer.localDescription.sdp;
    },
    async answer(key, sdp) {
      await publications.get(key)?.peer.setRemoteDescription({ type: "answer", sdp });
    },
    /** Send a track, or nothing, as this publication. */
    async put(key, id) {
      const track = id === null ? null : (tracks.get(id)?.track ?? null);
      await publications.get(key)?.sender.replaceTrack(track);
    },
    drop,
  };
  Object.defineProperty(window, "__roomtone", { value: Object.freeze(tools) });
})();
