/** One RTCPeerConnection: what we send by source, the pool of slots we receive by mid. */
import type { Source } from "./messages";

export interface PeerListener {
  offer(id: number, sdp: string, tracks: { mid: string; source: Source }[]): void;
  candidate(candidate: string): void;
  state(state: RTCPeerConnectionState): void;
  /** The received track of a slot became known. */
  received(mid: string, track: MediaStreamTrack): void;
}

export type Outgoing = ReadonlyMap<Source, MediaStreamTrack | null>;

const SCREEN_BITS = 2_500_000;
/** Three sizes of the camera, worst first: the server forwards to each the one that fits. */
const CAMERA_LAYERS: RTCRtpEncodingParameters[] = [
  { rid: "low", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "mid", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "high", scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];

export class Peer {
  private readonly senders = new Map<Source, RTCRtpTransceiver>();
  private lastOffer = 0;
  private pending = false;
  private again = false;
  private closed = false;

  constructor(
    private readonly connection: RTCPeerConnection,
    private readonly listener: PeerListener,
    private readonly microphone: RTCRtpCodec[] = [],
  ) {
    connection.onicecandidate = (event) => {
      if (!this.closed) listener.candidate(event.candidate?.candidate ?? "");
    };
    connection.onconnectionstatechange = () => {
      if (!this.closed) listener.state(connection.connectionState);
    };
    connection.ontrack = (event) => {
      const mid = event.transceiver.mid;
      if (mid !== null) listener.received(mid, event.track);
    };
  }

  get state(): RTCPeerConnectionState {
    return this.connection.connectionState;
  }

  stats(): Promise<RTCStatsReport> {
    return this.connection.getStats();
  }

  /** Adds what is sent and the slots, then makes the first offer. */
  async start(outgoing: Outgoing, slots: { audio: number; video: number }): Promise<void> {
    for (const [source, track] of outgoing) this.add(source, track);
    for (let index = 0; index < slots.audio; index += 1) this.slot("audio");
    for (let index = 0; index < slots.video; index += 1) this.slot("video");
    await this.negotiate();
  }

  /**
   * Sends `track` as `source`, or nothing when it is null. Microphone and camera never renegotiate;
   * another source comes and goes by a new offer.
   */
  async publish(source: Source, track: MediaStreamTrack | null, keep: boolean): Promise<void> {
    const known = this.senders.get(source);
    if (known) {
      await known.sender.replaceTrack(track);
      const direction = track || keep ? "sendonly" : "inactive";
      if (known.direction === direction) return;
      known.direction = direction;
    } else if (track) {
      this.add(source, track);
    } else {
      return;
    }
    await this.negotiate();
  }

  /** Makes an offer, or notes that another is due once the pending one is answered. */
  async negotiate(): Promise<void> {
    if (this.pending) {
      this.again = true;
      return;
    }
    this.pending = true;
    await this.connection.setLocalDescription(await this.connection.createOffer());
    if (this.closed) return;
    this.lastOffer += 1;
    const tracks = [...this.senders]
      .filter(([, transceiver]) => transceiver.direction !== "inactive" && transceiver.mid !== null)
      .map(([source, transceiver]) => ({ mid: transceiver.mid ?? "", source }));
    this.listener.offer(this.lastOffer, this.connection.localDescription?.sdp ?? "", tracks);
  }

  /** Takes the answer to offer `id`; an answer to an older one is ignored. */
  async answer(id: number, sdp: string): Promise<void> {
    if (this.closed || id !== this.lastOffer || !this.pending) return;
    await this.connection.setRemoteDescription({ type: "answer", sdp });
    this.pending = false;
    if (this.again) {
      this.again = false;
      await this.negotiate();
    }
  }

  /** The server refused the pending offer: the connection returns to what was agreed before. */
  async refused(): Promise<void> {
    if (this.closed || !this.pending) return;
    this.pending = false;
    if (this.connection.signalingState === "have-local-offer") {
      await this.connection.setLocalDescription({ type: "rollback" });
    }
  }

  close(): void {
    this.closed = true;
    this.connection.close();
  }

  private add(source: Source, track: MediaStreamTrack | null): void {
    const audio = source === "microphone" || source === "screen-audio";
    const init: RTCRtpTransceiverInit = { direction: "sendonly", sendEncodings: encodings(source) };
    const made = this.connection.addTransceiver(track ?? (audio ? "audio" : "video"), init);
    if (source === "microphone" && this.microphone.length > 0)
      made.setCodecPreferences(this.microphone);
    this.senders.set(source, made);
  }

  private slot(kind: "audio" | "video"): void {
    this.connection.addTransceiver(kind, { direction: "recvonly" });
  }
}

function encodings(source: Source): RTCRtpEncodingParameters[] {
  if (source === "camera") return CAMERA_LAYERS.map((layer) => ({ ...layer }));
  if (source === "screen") return [{ maxBitrate: SCREEN_BITS }];
  return [{ networkPriority: "high", priority: "high" }];
}
