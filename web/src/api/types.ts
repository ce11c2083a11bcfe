/** The shapes of the HTTP interface that the pages use. */

export interface ClientConfig {
  dev: boolean;
  dev_key?: string | null;
  processing: boolean;
  redundancy: boolean;
  sign_in_required: boolean;
}

export interface MeetingInfo {
  id: string;
  title: string;
  url: string;
  status: "ACTIVE" | "INACTIVE";
  access: "link" | "token";
}

export interface IssuedToken {
  token: string;
  url: string;
}

export interface Lobby {
  id: string;
  title: string;
  record: string;
  recording_active: boolean;
  recording_media: "audio" | "audio_video" | null;
  participants: string[];
  full: boolean;
  status: "ACTIVE" | "INACTIVE";
  waiting_room: "off" | "on";
}

export type RecordingState =
  | "starting"
  | "recording"
  | "paused"
  | "stopping"
  | "processing"
  | "ready"
  | "failed";

export type FileKind = "audio" | "video" | "mix" | "stems" | "peaks";
export type ProductState = "queued" | "running" | "ready" | "failed";

export interface RecordingFile {
  id: string;
  participant_id: string | null;
  name: string | null;
  kind: FileKind;
  source: string | null;
  format: string;
  state: ProductState;
  /** Share made, 0 to 1. */
  progress: number;
  reason: string | null;
  content_type: string;
  duration_seconds: number;
  bytes: number;
  offset_seconds: number;
  /** How much longer it lasts by the server's clock, in parts per million. */
  clock_skew_ppm: number;
  segment: number;
  complete: boolean;
  url: string;
}

/** What a player draws (`roomtone.peaks/1`): lowest and highest sample in turn, -128 to 127. */
export interface Peaks {
  per_second: number;
  duration_seconds: number;
  lanes: PeaksLane[];
}

export interface PeaksLane {
  participant_id: string;
  source: string;
  segment: number;
  gaps: { at_ms: number; dur_ms: number; cause: string }[];
  peaks: number[];
}

export interface TranscriptWord {
  text: string;
  start: number;
  end: number;
  confidence: number | null;
}

export interface TranscriptSegment {
  id: string;
  participant_id: string;
  name: string;
  start: number;
  end: number;
  text: string;
  confidence: number | null;
  words: TranscriptWord[];
}

export interface TranscriptJob {
  state: "none" | "live" | "processing" | "completed" | "failed";
  progress: number;
  reason: string | null;
}

export interface Transcript {
  recording: { transcript: TranscriptJob };
  segments: TranscriptSegment[];
}

export interface ShareLink {
  id: string;
  /** Told once, when it is made. */
  url: string | null;
  label: string | null;
  created_at: string;
  created_by: string | null;
  expires_at: string;
  revoked_at: string | null;
  allow_download: boolean;
  signed_in: boolean;
  opened: number;
  last_used_at: string | null;
}

export interface ShareUse {
  at: string;
  address: string | null;
  file_id: string | null;
  bytes_range: string | null;
}

/** What a link leads to. */
export interface SharedRecording {
  title: string | null;
  started_at: string;
  duration_seconds: number | null;
  expires_at: string;
  allow_download: boolean;
  files: RecordingFile[];
}

export interface RecordingInfo {
  id: string;
  meeting_id: string;
  title?: string | null;
  state: RecordingState;
  recovered?: boolean;
  /** Something that was said is written down. */
  transcribed?: boolean;
  held?: { since: string; by: string | null; reason: string | null } | null;
  reason?: string | null;
  started_at: string;
  duration_seconds: number | null;
  /** Until when the link is good by which it was found. */
  expires_at?: string;
  files: RecordingFile[];
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** What recordings take, in bytes. */
export interface StorageUse {
  recordings: number;
  bytes: number;
  free_bytes: number;
  floor_bytes: number;
  /** 0 keeps for good. */
  retention_days: number;
}

export type QualityWord = "excellent" | "good" | "fair" | "poor";
export type ConnectionWord = "connecting" | "connected" | "disconnected" | "failed" | "closed";

export interface SessionConnection {
  id: string;
  state: ConnectionWord;
  reason: string | null;
  quality: QualityWord | null;
  quality_reason: string | null;
  protocol: string;
}

export interface SessionParticipant {
  id: string;
  name: string;
  role: "host" | "participant" | "observer";
  kind: "person" | "bot";
  joined_at: string;
  left_at: string | null;
  connections: SessionConnection[];
  tracks: { source: string; muted: boolean }[];
}

export interface SessionInfo {
  id: string;
  meeting_id: string;
  state: "pending" | "live" | "keep_alive" | "ended";
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  participants: SessionParticipant[];
}

/** The last minute of a live session: what all but a twentieth stays under; seconds, percent. */
export interface SessionQuality {
  session_id: string;
  round_trip_time_p95: number | null;
  loss_percent_p95: number | null;
  jitter_p95: number | null;
  recording: boolean;
}

/** What a connection is like now; times in seconds, shares in percent, rates in bit/s. */
export interface ConnectionQuality {
  participant_id: string;
  connection_id: string;
  label: QualityWord;
  score: number;
  since: string;
  reason: string | null;
  state: string;
  worst: { direction: "uplink" | "downlink"; source: string } | null;
  inputs: {
    loss_percent: number;
    round_trip_time: number | null;
    jitter: number;
  };
  hints: string[];
  sent_bitrate: number;
  received_bitrate: number;
  streams: StreamQuality[];
}

export interface StreamQuality {
  direction: "uplink" | "downlink";
  source: string;
  label: QualityWord | null;
  reason: string | null;
  packets: number;
  lost: number;
  jitter: number;
  active: boolean;
  bitrate: number;
  freeze_count: number;
  freezes_duration: number;
  picture: StreamPicture | null;
}

export interface StreamPicture {
  rid: string;
  layer: number;
  frame_width: number;
  frame_height: number;
  limit: string | null;
}

/** One stream over time, in columns. */
export interface QualitySeries {
  participant_id: string;
  connection_id: string;
  stream: string;
  at: number[];
  loss_percent: (number | null)[];
  jitter: number[];
  round_trip_time: (number | null)[];
  sent_bitrate: number[];
  received_bitrate: number[];
  freezes_duration: number[];
  frame_height: number[];
  layer: number[];
}

export interface QualityHistory {
  step: number;
  now: ConnectionQuality[];
  series: QualitySeries[];
}

export interface Moment {
  at: string;
  what: string;
  details: Record<string, unknown>;
}

export interface Timeline {
  connections: { connection_id: string; participant_id: string; moments: Moment[] }[];
}
