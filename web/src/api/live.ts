/** The routes of the pages for those who look after meetings. */
import type { Call } from "./http";
import type {
  MeetingInfo,
  Page,
  QualityHistory,
  SessionInfo,
  SessionQuality,
  Timeline,
} from "./types";

/** What is going on, as the view-models see it. */
export interface LiveServer {
  liveSessions(signal: AbortSignal): Promise<Page<SessionInfo>>;
  /** Figures of the last minute, of the same sessions. */
  liveQuality(signal: AbortSignal): Promise<{ items: SessionQuality[] }>;
  meeting(id: string): Promise<MeetingInfo>;
  session(id: string, signal: AbortSignal): Promise<SessionInfo>;
  /** Samples of the last `seconds`; null for everything since the session began. */
  quality(session: string, seconds: number | null): Promise<QualityHistory>;
  timeline(session: string): Promise<Timeline>;
  mute(participant: string): Promise<void>;
  remove(participant: string): Promise<void>;
  endMeeting(meeting: string): Promise<void>;
}

type Ask = <T>(path: string, options?: Call) => Promise<T>;

const at = (id: string) => encodeURIComponent(id);

/** The live part of a server; `ask` signs in first where that is needed. */
export function liveServer(ask: Ask): LiveServer {
  return {
    liveSessions: (signal) => ask("/v1/sessions?state=live&limit=100", { signal }),
    liveQuality: (signal) => ask("/v1/quality", { signal }),
    meeting: (id) => ask(`/v1/meetings/${at(id)}`),
    session: (id, signal) => ask(`/v1/sessions/${at(id)}`, { signal }),
    quality(session, seconds) {
      const from = seconds === null ? "" : new Date(Date.now() - seconds * 1000).toISOString();
      return ask(`/v1/sessions/${at(session)}/quality${from && `?from=${at(from)}`}`);
    },
    timeline: (session) => ask(`/v1/sessions/${at(session)}/timeline`),
    mute: (participant) =>
      ask(`/v1/participants/${at(participant)}/mute`, {
        method: "POST",
        body: { kind: "audio", muted: true },
      }),
    remove: (participant) => ask(`/v1/participants/${at(participant)}/kick`, { method: "POST" }),
    endMeeting: (meeting) => ask(`/v1/meetings/${at(meeting)}/end`, { method: "POST" }),
  };
}
