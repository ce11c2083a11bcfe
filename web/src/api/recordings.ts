/** The routes of recordings, and the two ways a player comes by one. */
import { midnight } from "../lib/date";
import { type Call, call } from "./http";
import type {
  Page,
  Peaks,
  RecordingFile,
  RecordingInfo,
  RecordingState,
  SharedRecording,
  ShareLink,
  ShareUse,
  StorageUse,
  Transcript,
} from "./types";

type Ask = <T>(path: string, options?: Call) => Promise<T>;

export const TRANSCRIPT_FORMATS = ["txt", "srt", "vtt", "json"] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];
export type ProductKind = "mix" | "stems" | "peaks";

export interface NewShare {
  /** Seconds. */
  ttl?: number;
  /** A moment of the wire, instead of that. */
  expires_at?: string;
  allow_download: boolean;
  /** Opens for people who are signed in alone. */
  signed_in: boolean;
  label: string | null;
}

/** Which recordings a list shows; empty texts let everything through. */
export interface RecordingFilter {
  text: string;
  state: RecordingState | "";
  /** The id of a meeting. */
  meeting: string;
  /** The first day, `YYYY-MM-DD` of this place. */
  from: string;
  /** The last day. */
  to: string;
}

/** Recordings, as the view-models see them. */
export interface RecordingsServer {
  recordings(
    filter: RecordingFilter,
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<Page<RecordingInfo>>;
  storage(signal: AbortSignal): Promise<StorageUse>;
  recording(id: string, signal: AbortSignal): Promise<RecordingInfo>;
  deleteRecording(id: string): Promise<void>;
  renameRecorded(id: string, participant: string, name: string): Promise<void>;
  makeFile(id: string, kind: ProductKind, format?: string): Promise<RecordingFile>;
  transcript(id: string, signal: AbortSignal): Promise<Transcript>;
  transcribe(id: string): Promise<void>;
  peaks(file: RecordingFile, signal: AbortSignal): Promise<Peaks>;
  shares(id: string): Promise<{ items: ShareLink[] }>;
  createShare(id: string, wish: NewShare): Promise<ShareLink>;
  revokeShare(id: string, share: string): Promise<void>;
  shareUses(id: string, share: string): Promise<{ items: ShareUse[] }>;
}

/** What one player plays: a recording of one's own, or a shared one. */
export interface PlayerSource {
  /** Whether files may be kept. */
  readonly download: boolean;
  load(signal: AbortSignal): Promise<RecordingInfo>;
  peaks(file: RecordingFile, signal: AbortSignal): Promise<Peaks>;
  transcript(signal: AbortSignal): Promise<Transcript>;
  transcriptUrl(format: TranscriptFormat): string;
  /** Of those who look after it alone. */
  readonly owner: Owner | null;
}

export interface Owner {
  make(kind: ProductKind, format?: string): Promise<RecordingFile>;
  transcribe(): Promise<void>;
  remove(): Promise<void>;
  /** Calls a participant otherwise. */
  rename(participant: string, name: string): Promise<void>;
}

const at = (id: string) => encodeURIComponent(id);

function queryOf(
  { text, state, meeting, from, to }: RecordingFilter,
  cursor: string | null,
): string {
  const query = new URLSearchParams();
  const days = { from: from && midnight(from), to: to && midnight(to, 1) };
  const wanted = { q: text.trim(), state, meeting, ...days, cursor: cursor ?? "" };
  for (const [name, value] of Object.entries(wanted)) if (value) query.set(name, value);
  return query.size > 0 ? `?${query}` : "";
}

/** The recordings part of a server; `ask` signs in first where that is needed. */
export function recordingsServer(ask: Ask): RecordingsServer {
  const one = (id: string) => `/v1/recordings/${at(id)}`;
  return {
    recordings: (filter, cursor, signal) =>
      ask(`/v1/recordings${queryOf(filter, cursor)}`, { signal }),
    storage: (signal) => ask("/v1/storage", { signal }),
    recording: (id, signal) => ask(one(id), { signal }),
    deleteRecording: (id) => ask(one(id), { method: "DELETE" }),
    renameRecorded: (id, participant, name) =>
      ask(`${one(id)}/participants/${at(participant)}`, { method: "PATCH", body: { name } }),
    makeFile: (id, kind, format) =>
      ask(`${one(id)}/files`, { method: "POST", body: { kind, ...(format ? { format } : {}) } }),
    transcript: (id, signal) => ask(`${one(id)}/transcript`, { signal }),
    transcribe: (id) => ask(`${one(id)}/transcript`, { method: "POST", body: {} }),
    peaks: (file, signal) => ask(file.url, { signal }),
    shares: (id) => ask(`${one(id)}/shares`),
    createShare: (id, wish) => ask(`${one(id)}/shares`, { method: "POST", body: wish }),
    revokeShare: (id, share) => ask(`${one(id)}/shares/${at(share)}`, { method: "DELETE" }),
    shareUses: (id, share) => ask(`${one(id)}/shares/${at(share)}/accesses`),
  };
}

/** A recording by its id, for those who are signed in. */
export function ownRecording(server: RecordingsServer, id: string): PlayerSource {
  return {
    download: true,
    load: (signal) => server.recording(id, signal),
    peaks: (file, signal) => server.peaks(file, signal),
    transcript: (signal) => server.transcript(id, signal),
    transcriptUrl: (format) => `/v1/recordings/${at(id)}/transcript?format=${format}`,
    owner: {
      make: (kind, format) => server.makeFile(id, kind, format),
      transcribe: () => server.transcribe(id),
      remove: () => server.deleteRecording(id),
      rename: (participant, name) => server.renameRecorded(id, participant, name),
    },
  };
}

/** A recording by a link, for anybody who has the link. */
export function sharedRecording(token: string): PlayerSource {
  const path = `/v1/shares/${at(token)}`;
  let download = false;
  let opened = false;
  return {
    get download() {
      return download;
    },
    async load(signal) {
      const shared = await call<SharedRecording>(opened ? `${path}?again=1` : path, { signal });
      opened = true;
      download = shared.allow_download;
      return {
        ...shared,
        id: token,
        meeting_id: "",
        state: "ready",
      };
    },
    peaks: (file, signal) => call(file.url, { signal }),
    transcript: (signal) => call(`${path}/transcript`, { signal }),
    transcriptUrl: (format) => `${path}/transcript?format=${format}`,
    owner: null,
  };
}

/** The address of a file; `download` asks for a file to keep. */
export function fileUrl(file: RecordingFile, download = false): string {
  return download ? `${file.url}${file.url.includes("?") ? "&" : "?"}download=1` : file.url;
}
