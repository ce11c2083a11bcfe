/** Sessions and their people as the server tells them. */
import type { SessionConnection, SessionInfo, SessionParticipant } from "../../src/api/types";

export function connection(facts: Partial<SessionConnection> = {}): SessionConnection {
  return {
    id: "c",
    state: "connected",
    reason: null,
    quality: "excellent",
    quality_reason: null,
    protocol: "websocket",
    ...facts,
  };
}

export function person(
  name: string,
  connections: SessionConnection[] = [connection()],
  left_at: string | null = null,
): SessionParticipant {
  return {
    id: name.toLowerCase(),
    name,
    role: "participant",
    kind: "person",
    joined_at: "2026-11-20T12:00:00Z",
    left_at,
    connections,
    tracks: [],
  };
}

export function session(participants: SessionParticipant[], id = "s"): SessionInfo {
  return {
    id,
    meeting_id: `m-${id}`,
    state: "live",
    created_at: "2026-11-20T12:00:00Z",
    started_at: "2026-11-20T12:00:01Z",
    ended_at: null,
    participants,
  };
}
