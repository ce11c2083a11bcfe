/** A socket and a peer connection that do only what a test tells them. */
import type { ParticipantInfo, ServerMessage, Welcome } from "../../src/rtc/messages";
import type { RawSocket } from "../../src/rtc/socket";

export class FakeSocket implements RawSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.();
  }

  lose(code = 1006): void {
    this.onclose?.({ code });
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** The messages of one type that were sent. */
  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message["type"] === type);
  }
}

export class FakeTransceiver {
  mid: string | null = null;
  readonly sender = {
    track: null as unknown,
    replaceTrack: async (track: unknown) => {
      this.sender.track = track;
    },
  };

  preferences: unknown[] = [];

  constructor(
    readonly kind: string,
    public direction: string,
  ) {}

  setCodecPreferences(codecs: unknown[]): void {
    this.preferences = codecs;
  }
}

export class FakePeer {
  connectionState: RTCPeerConnectionState = "new";
  signalingState = "stable";
  localDescription: { sdp: string } | null = null;
  onicecandidate: ((event: { candidate: { candidate: string } | null }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: ((event: unknown) => void) | null = null;
  transceivers: FakeTransceiver[] = [];
  answers: string[] = [];
  offers = 0;
  closed = false;

  addTransceiver(what: string | { kind: string }, init: { direction: string }): FakeTransceiver {
    const kind = typeof what === "string" ? what : what.kind;
    const made = new FakeTransceiver(kind, init.direction);
    if (typeof what !== "string") made.sender.track = what;
    this.transceivers.push(made);
    return made;
  }

  async createOffer(): Promise<{ type: "offer"; sdp: string }> {
    this.offers += 1;
    return { type: "offer", sdp: `offer ${this.offers}` };
  }

  async setLocalDescription(description: { type: string; sdp?: string }): Promise<void> {
    if (description.type === "rollback") {
      this.signalingState = "stable";
      return;
    }
    this.transceivers.forEach((transceiver, index) => {
      transceiver.mid ??= String(index);
    });
    this.localDescription = { sdp: description.sdp ?? "" };
    this.signalingState = "have-local-offer";
  }

  async setRemoteDescription(description: { sdp: string }): Promise<void> {
    this.answers.push(description.sdp);
    this.signalingState = "stable";
  }

  async getStats(): Promise<Map<string, unknown>> {
    return new Map();
  }

  move(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.closed = true;
    this.connectionState = "closed";
  }
}

/** A track as far as our code touches one. */
export function fakeTrack(kind: "audio" | "video"): MediaStreamTrack {
  const track = new EventTarget() as EventTarget & { kind: string; stopped: boolean; stop(): void };
  return Object.assign(track, {
    kind,
    stopped: false,
    stop() {
      this.stopped = true;
    },
  }) as unknown as MediaStreamTrack;
}

export function person(id: string, changes: Partial<ParticipantInfo> = {}): ParticipantInfo {
  return {
    id,
    name: id.toUpperCase(),
    role: "participant",
    kind: "person",
    state: "connected",
    quality: "good",
    quality_reason: null,
    tracks: [
      { source: "microphone", muted: false, muted_by: null },
      { source: "camera", muted: false, muted_by: null },
    ],
    joined_at: `2026-11-20T12:00:0${id.length}Z`,
    ...changes,
  };
}

export function welcome(changes: Partial<Welcome> = {}): Welcome {
  return {
    type: "welcome",
    protocol: 1,
    sequence: 10,
    meeting: { id: "m", title: "Stand-up", record: "manual", max_participants: 100 },
    session: { id: "s", state: "live", started_at: "2026-11-20T12:00:00Z" },
    you: person("me", { role: "host" }),
    connection: "c1",
    resume: "r1",
    kept: false,
    participants: [],
    recording: null,
    captions: null,
    chat: [],
    visitors: [],
    ice_servers: [],
    slots: { audio: 3, video: 9 },
    timers: { disconnected: 5, failed: 30 },
    ...changes,
  };
}

/** Lets every promise that is ready run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
}
