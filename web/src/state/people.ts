/** Facts about the people of a session, as dashboards show them. */
import type { QualityWord, SessionConnection, SessionInfo, SessionParticipant } from "../api/types";

const RANK: Record<QualityWord, number> = { poor: 0, fair: 1, good: 2, excellent: 3 };

/** The connection that stands for somebody: the newest one that has not ended. */
export function connectionOf(person: SessionParticipant): SessionConnection | null {
  const open = person.connections.filter(({ state }) => state !== "closed" && state !== "failed");
  return open.at(-1) ?? person.connections.at(-1) ?? null;
}

/** Everybody who is inside now. */
export function inside(session: SessionInfo): SessionParticipant[] {
  return session.participants.filter(
    (person) =>
      person.left_at === null &&
      person.connections.some(({ state }) => state !== "closed" && state !== "failed"),
  );
}

export interface Worst {
  person: SessionParticipant;
  /** `reconnecting` while nothing is heard of somebody. */
  label: QualityWord | "reconnecting";
  reason: string | null;
}

/** Whoever needs attention first: silent ones, then the poorest connection below good. */
export function worstOf(session: SessionInfo): Worst | null {
  const found: Worst[] = [];
  for (const person of inside(session)) {
    const connection = connectionOf(person);
    if (connection?.state === "disconnected")
      found.push({ person, label: "reconnecting", reason: connection.reason });
    else if (connection?.quality && RANK[connection.quality] < RANK.good)
      found.push({ person, label: connection.quality, reason: connection.quality_reason });
  }
  const rank = (one: Worst) => (one.label === "reconnecting" ? -1 : RANK[one.label]);
  return found.sort((one, other) => rank(one) - rank(other))[0] ?? null;
}
