/** The messages of signaling protocol version 1 (docs/reference/signaling-protocol.md). */

export type Source = "microphone" | "camera" | "screen" | "screen-audio";
export type Role = "host" | "participant" | "observer";
export type ConnectionState = "connecting" | "connected" | "disconnected" | "failed" | "closed";
export type QualityLabel = "excellent" | "good" | "fair" | "poor";

export interface TrackInfo {
  source: Source;
  muted: boolean;
  muted_by: string | null;
}

export interface ParticipantInfo {
  id: string;
  name: string;
  role: Role;
  kind: "person" | "bot";
  state: ConnectionState;
  quality: QualityLabel | null;
  quality_reason: string | null;
  tracks: TrackInfo[];
  joined_at: string;
}

export interface SlotInfo {
  mid: string;
  kind: "audio" | "video";
  participant: string | null;
  source: Source | null;
  paused: boolean;
  reason: string | null;
}

export interface RecordingNotice {
  id: string;
  state: "starting" | "recording" | "paused" | "stopping" | "processing" | "ready" | "failed";
  started_by: string | null;
  started_at: string | null;
  media: RecordedMedia;
}

/** Whether cameras and screens are recorded too. */
export type RecordedMedia = "audio" | "audio_video";

export interface ChatLine {
  id: string;
  participant: string;
  name: string;
  text: string;
  at: string;
}

export interface CaptionsNotice {
  state: "running" | "stopped" | "unavailable" | "unsupported_language";
  language: string;
  engine: string;
  message: string | null;
}

/** Something that was said; a later one with the same id replaces it until one is final. */
export interface CaptionLine {
  id: string;
  participant: string;
  name: string;
  text: string;
  start: number;
  end: number;
  language: string;
  final: boolean;
}

export interface Welcome {
  type: "welcome";
  protocol: 1;
  sequence: number;
  meeting: { id: string; title: string; record: string; max_participants: number };
  session: { id: string; state: string; started_at: string | null };
  you: ParticipantInfo;
  connection: string;
  resume: string;
  kept: boolean;
  participants: ParticipantInfo[];
  recording: RecordingNotice | null;
  captions: CaptionsNotice | null;
  chat: ChatLine[];
  visitors: VisitorInfo[];
  ice_servers: RTCIceServer[];
  slots: { audio: number; video: number };
  timers: { disconnected: number; failed: number };
}

/** Somebody who waits at the meeting's door. */
export interface VisitorInfo {
  id: string;
  name: string;
  since: string;
}

export interface Goodbye {
  type: "goodbye";
  reason: string;
  message: string;
  rejoin: boolean;
}

export interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  fatal: boolean;
  in_reply_to?: string;
  id?: number;
}

export interface RosterDelta {
  type: "roster";
  sequence: number;
  joined: ParticipantInfo[];
  changed: ParticipantInfo[];
  left: { id: string; reason: string | null }[];
}

export type ServerMessage =
  | Welcome
  | Goodbye
  | ErrorMessage
  | RosterDelta
  | { type: "waiting"; meeting: Welcome["meeting"]; name: string; seconds: number }
  | { type: "visitors"; visitors: VisitorInfo[] }
  | { type: "answer"; id: number; sdp: string; slots: SlotInfo[] }
  | { type: "slots"; slots: SlotInfo[] }
  | { type: "speaking"; participants: string[] }
  | { type: "recording"; sequence: number; recording: RecordingNotice | null }
  | { type: "captions"; sequence: number; captions: CaptionsNotice }
  | { type: "caption"; caption: CaptionLine }
  | { type: "chat"; sequence: number; message: ChatLine }
  | { type: "muted"; source: Source; muted: boolean; by: string | null }
  | {
      type: "quality";
      label: QualityLabel;
      reason: string | null;
      loss_percent: number | null;
      round_trip_ms: number | null;
      jitter_ms: number | null;
      direction?: Direction | null;
      source?: string | null;
    }
  | { type: "session"; sequence: number; state: string }
  | { type: "pong"; id: number };

/** Seen from the browser. */
export type Direction = "uplink" | "downlink";

export interface Tile {
  participant: string;
  source: Source;
  width: number;
  height: number;
}

export type ClientMessage =
  | {
      type: "hello";
      protocol: 1;
      meeting: string;
      token?: string;
      name?: string;
      resume?: string;
      transport?: "new" | "keep";
      connection?: string;
      client: { name: string; version: string };
    }
  | {
      type: "offer";
      id: number;
      sdp: string;
      tracks: { mid: string; source: Source }[];
      muted: Source[];
    }
  | { type: "candidate"; candidate: string }
  | { type: "publish"; source: Source; muted: boolean }
  | { type: "view"; tiles: Tile[] }
  | { type: "stats"; stats: Record<string, string | number | boolean>[] }
  | { type: "chat"; text: string }
  | { type: "record"; action: "start" | "stop" | "pause" | "resume"; media?: RecordedMedia }
  | { type: "captions"; action: "start" | "stop" }
  | { type: "mute"; participant: string; source: Source; muted?: boolean }
  | { type: "kick"; participant: string }
  | { type: "admit"; visitor?: string }
  | { type: "refuse"; visitor: string }
  | { type: "end" }
  | { type: "ping"; id: number }
  | { type: "bye" };

const TYPES = new Set([
  "welcome",
  "waiting",
  "visitors",
  "goodbye",
  "error",
  "roster",
  "answer",
  "slots",
  "speaking",
  "recording",
  "captions",
  "caption",
  "chat",
  "muted",
  "quality",
  "session",
  "pong",
]);

/** Reads one text frame; a message of a later server that we do not know is null. */
export function parseMessage(text: string): ServerMessage | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  return TYPES.has(String(value.type)) ? (value as ServerMessage) : null;
}
