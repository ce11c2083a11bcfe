/**
 * A person's way into a meeting: one signaling socket, one peer connection, and coming back after a
 * loss of either. Knows the protocol; knows nothing of pages.
 */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Clock } from "../lib/clock";
import { backoff } from "./backoff";
import type { ClientMessage, ServerMessage, SlotInfo, Source, Welcome } from "./messages";
import { type Outgoing, Peer, type PeerListener } from "./peer";
import { type RawSocket, SignalSocket, type SocketListener } from "./socket";

export type Phase =
  | { kind: "idle" }
  | { kind: "joining" }
  /** At the door, until somebody lets this person in. */
  | { kind: "waiting"; title: string }
  | { kind: "live" }
  /** `since` is when media or signaling was lost, `next` when the next try comes (clock.now). */
  | { kind: "reconnecting"; since: number; attempt: number; next: number | null }
  | { kind: "ended"; reason: string; message: string; rejoin: boolean };

export interface ClientOptions {
  meeting: string;
  token: string | null;
  name: string | null;
  /** From an earlier visit of the same person, if there was one. */
  resume: string | null;
  version: string;
  /** What the microphone offers, best first; empty for the browser's own order. */
  codecs: RTCRtpCodec[];
}

/** The world outside, handed in. */
export interface ClientPorts {
  clock: Clock;
  random: () => number;
  socket: () => RawSocket;
  peer: (config: RTCConfiguration) => RTCPeerConnection;
}

/** A peer connection that lost its packets this long is replaced while signaling works. */
const REPLACE_MS = 4_000;
/** Longer than the server keeps a lost connection (35 s), so that its word comes first. */
const GIVE_UP_MS = 45_000;
/** Refusals that a fresh hello without the resume token may not meet. */
const STALE = new Set(["token_invalid", "token_expired", "not_found", "invalid_state"]);
/** Refusals that pass: the server comes back, and with it the meeting. */
const AGAIN = new Set(["server_draining", "internal", "media_unavailable"]);

export class MeetingClient {
  private readonly current = signal<Phase>({ kind: "idle" });
  private readonly received = signal<ReadonlyMap<string, MediaStreamTrack>>(new Map());
  private readonly occupied = signal<readonly SlotInfo[]>([]);
  private readonly ended = new AbortController();
  private socket: SignalSocket | null = null;
  private previous: SignalSocket | null = null;
  private peer: Peer | null = null;
  /** The peer connection waits to be replaced; what it says counts no more. */
  private broken = false;
  private resume: string | null;
  private welcome: Welcome | null = null;
  private attempt = 0;
  private lost = new AbortController();
  private retry = new AbortController();
  private limit = new AbortController();
  private readonly outgoing = new Map<Source, MediaStreamTrack | null>();
  private readonly muted = new Set<Source>();

  constructor(
    private readonly options: ClientOptions,
    private readonly ports: ClientPorts,
    /** Every message except those the client itself lives by. */
    private readonly hear: (message: ServerMessage) => void,
  ) {
    this.resume = options.resume;
  }

  get phase(): ReadonlySignal<Phase> {
    return this.current;
  }

  /** Received tracks by mid. */
  get tracks(): ReadonlySignal<ReadonlyMap<string, MediaStreamTrack>> {
    return this.received;
  }

  /** Whom each slot carries. */
  get slots(): ReadonlySignal<readonly SlotInfo[]> {
    return this.occupied;
  }

  /** What to come back with after this page forgot everything else. */
  get resumeToken(): string | null {
    return this.resume;
  }

  /** Joins; `outgoing` names every source that may be sent without a new offer. */
  join(outgoing: Outgoing, muted: readonly Source[]): void {
    for (const [source, track] of outgoing) this.outgoing.set(source, track);
    for (const source of muted) this.muted.add(source);
    this.current.value = { kind: "joining" };
    this.open();
  }

  send(message: ClientMessage): void {
    this.socket?.send(message);
  }

  /** Sends `track` as `source` from now on. Microphone and camera keep their place when null. */
  async publish(source: Source, track: MediaStreamTrack | null): Promise<void> {
    const keep = source === "microphone" || source === "camera";
    if (track || keep) this.outgoing.set(source, track);
    else this.outgoing.delete(source);
    await this.peer?.publish(source, track, keep);
  }

  /** Tells the meeting whether `source` is muted. */
  mute(source: Source, muted: boolean): void {
    if (muted) this.muted.add(source);
    else this.muted.delete(source);
    this.send({ type: "publish", source, muted });
  }

  stats(): Promise<RTCStatsReport> | null {
    return this.peer?.stats() ?? null;
  }

  /** The network came back or the person asked: try at once. */
  hurry(): void {
    const phase = this.current.value;
    if (phase.kind === "reconnecting" && phase.next !== null) this.open();
  }

  /** Says goodbye and ends for good. */
  leave(reason = "left"): void {
    if (this.ended.signal.aborted) return;
    this.send({ type: "bye" });
    this.finish(reason, "", true);
  }

  private open(): void {
    this.retry.abort();
    this.retry = new AbortController();
    const phase = this.current.value;
    if (phase.kind === "reconnecting") this.current.value = { ...phase, next: null };
    const socket: SignalSocket = new SignalSocket(
      this.ports.socket(),
      this.ports.clock,
      this.listenTo(() => socket),
    );
    // The old socket stays open until the new one is welcome: closing it first would mean leaving.
    if (this.previous === null) this.previous = this.socket;
    else this.socket?.drop();
    this.socket = socket;
  }

  private listenTo(self: () => SignalSocket): SocketListener {
    const mine = () => self() === this.socket && !this.ended.signal.aborted;
    return {
      opened: () => mine() && this.greet(),
      received: (message) => mine() && this.receive(message),
      lost: () => {
        if (self() === this.previous) this.previous = null;
        else if (mine()) this.reconnect();
      },
    };
  }

  private greet(): void {
    const { meeting, token, name, version } = this.options;
    const works = this.peer?.state === "connected" && !this.broken;
    const keep = works && this.resume !== null && this.welcome !== null;
    this.send({
      type: "hello",
      protocol: 1,
      meeting,
      client: { name: "roomtone-web", version },
      ...(token ? { token } : {}),
      ...(name ? { name } : {}),
      ...(this.resume ? { resume: this.resume, transport: keep ? "keep" : "new" } : {}),
      ...(keep && this.welcome ? { connection: this.welcome.connection } : {}),
    });
  }

  private receive(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        return this.enter(message);
      case "waiting":
        this.attempt = 0;
        this.limit.abort();
        this.current.value = { kind: "waiting", title: message.meeting.title };
        return this.hear(message);
      case "answer":
        this.occupied.value = message.slots;
        void this.peer?.answer(message.id, message.sdp).catch(() => this.replace());
        return;
      case "slots":
        this.occupied.value = message.slots;
        return;
      case "goodbye":
        return this.finish(message.reason, message.message, message.rejoin);
      case "error":
        return this.fail(message);
      default:
        this.hear(message);
    }
  }

  private enter(message: Welcome): void {
    this.welcome = message;
    this.resume = message.resume;
    this.attempt = 0;
    this.previous?.drop();
    this.previous = null;
    if (this.current.value.kind === "waiting") this.current.value = { kind: "joining" };
    this.hear(message);
    if (message.kept && !this.broken && this.peer?.state === "connected") return this.settle();
    this.connect(message);
  }

  private connect(welcome: Welcome): void {
    this.peer?.close();
    this.broken = false;
    this.received.value = new Map();
    this.occupied.value = [];
    const raw = this.ports.peer({ bundlePolicy: "max-bundle", iceServers: welcome.ice_servers });
    const peer: Peer = new Peer(
      raw,
      this.follow(() => peer),
      this.options.codecs,
    );
    this.peer = peer;
    const outgoing = welcome.you.role === "observer" ? new Map() : this.outgoing;
    void peer.start(outgoing, welcome.slots).catch(() => this.replace());
  }

  private follow(self: () => Peer): PeerListener {
    return {
      offer: (id, sdp, tracks) =>
        this.send({ type: "offer", id, sdp, tracks, muted: [...this.muted] }),
      candidate: (candidate) => this.send({ type: "candidate", candidate }),
      received: (mid, track) => {
        this.received.value = new Map(this.received.value).set(mid, track);
      },
      state: (state) => self() === this.peer && !this.broken && this.moved(state),
    };
  }

  private moved(state: RTCPeerConnectionState): void {
    if (state === "connected") return this.settle();
    if (state === "failed") return this.replace();
    if (state !== "disconnected") return;
    this.suffer();
    this.lost.abort();
    this.lost = new AbortController();
    const signal = AbortSignal.any([this.lost.signal, this.ended.signal]);
    this.ports.clock.after(REPLACE_MS, () => this.replace(), signal);
  }

  private settle(): void {
    this.lost.abort();
    this.limit.abort();
    this.attempt = 0;
    this.current.value = { kind: "live" };
  }

  /** Keeps the first moment of the loss through all attempts, and bounds them. */
  private suffer(): void {
    const kind = this.current.value.kind;
    if (kind !== "live" && kind !== "joining" && kind !== "waiting") return;
    const since = this.ports.clock.now();
    this.current.value = { kind: "reconnecting", since, attempt: 0, next: null };
    this.limit.abort();
    this.limit = new AbortController();
    const signal = AbortSignal.any([this.limit.signal, this.ended.signal]);
    this.ports.clock.after(GIVE_UP_MS, () => this.finish("transport_lost", "", true), signal);
  }

  /**
   * The peer connection is beyond repair: come back with a new one, over a new socket. The broken
   * one is closed when its successor is welcome; closing it now would tell the server we left.
   */
  private replace(): void {
    if (this.ended.signal.aborted) return;
    this.lost.abort();
    this.suffer();
    this.broken = true;
    this.schedule();
  }

  private reconnect(): void {
    this.socket?.drop();
    this.socket = null;
    this.suffer();
    this.schedule();
  }

  /** Plans the next attempt; one already planned stands. */
  private schedule(): void {
    const phase = this.current.value;
    if (phase.kind !== "reconnecting" || phase.next !== null) return;
    const wait = backoff(this.attempt, this.ports.random);
    this.attempt += 1;
    const next = this.ports.clock.now() + wait;
    this.current.value = { ...phase, attempt: this.attempt, next };
    this.retry.abort();
    this.retry = new AbortController();
    const signal = AbortSignal.any([this.retry.signal, this.ended.signal]);
    this.ports.clock.after(wait, () => this.open(), signal);
  }

  private fail(message: ServerMessage & { type: "error" }): void {
    if (!message.fatal) {
      if (message.code === "media_lost") return this.replace();
      if (message.in_reply_to === "offer") void this.peer?.refused();
      return this.hear(message);
    }
    if (this.resume !== null && this.welcome === null && STALE.has(message.code)) {
      this.resume = null; // A resume token of a session that is gone: come as somebody new.
      this.socket?.drop();
      this.socket = null;
      return this.open();
    }
    const again = AGAIN.has(message.code);
    if (again && this.welcome !== null) return this.reconnect();
    this.finish(message.code, message.message, again);
  }

  private finish(reason: string, message: string, rejoin: boolean): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort();
    this.retry.abort();
    this.lost.abort();
    this.previous?.drop();
    this.socket?.drop();
    this.peer?.close();
    this.peer = null;
    this.received.value = new Map();
    this.current.value = { kind: "ended", reason, message, rejoin };
  }
}
