/** The shapes of the HTTP interface that the pages use. */

export interface ClientConfig {
  dev: boolean;
  dev_key?: string | null;
  processing: boolean;
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
  participants: string[];
  full: boolean;
  status: "ACTIVE" | "INACTIVE";
}

export type RecordingState =
  | "starting"
  | "recording"
  | "paused"
  | "stopping"
  | "processing"
  | "ready"
  | "failed";

export interface RecordingFile {
  id: string;
  participant_id: string | null;
  name?: string | null;
  kind: string;
  content_type: string;
  duration_seconds: number | null;
  bytes: number;
  offset_seconds?: number | null;
}

export interface RecordingInfo {
  id: string;
  meeting_id: string;
  title?: string | null;
  state: RecordingState;
  recovered?: boolean;
  reason?: string | null;
  started_at: string;
  duration_seconds: number | null;
  files: RecordingFile[];
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}
