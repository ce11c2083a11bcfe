/** What a person is told while the connection is away, by how long it has been. */
import type { Phase } from "../rtc/client";

export type ReconnectStage =
  | { kind: "none" }
  | { kind: "quiet" }
  | { kind: "trying"; seconds: number }
  | { kind: "long"; seconds: number };

const TRYING_MS = 5_000;
const LONG_MS = 15_000;

/** The stage at `now`; `seconds` counts down to the next attempt, 0 while one runs. */
export function reconnectStage(phase: Phase, now: number): ReconnectStage {
  if (phase.kind !== "reconnecting") return { kind: "none" };
  const away = now - phase.since;
  const seconds = phase.next === null ? 0 : Math.max(0, Math.ceil((phase.next - now) / 1000));
  if (away < TRYING_MS) return { kind: "quiet" };
  return { kind: away < LONG_MS ? "trying" : "long", seconds };
}
