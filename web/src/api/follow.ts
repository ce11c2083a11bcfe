/** The seconds of a session as the server streams them. */
import type { ConnectionQuality } from "./types";

/** Calls `heard` each second until `signal` aborts; the browser comes back by itself. */
export function followQuality(
  session: string,
  heard: (at: number, now: ConnectionQuality[]) => void,
  signal: AbortSignal,
): void {
  const source = new EventSource(`/v1/sessions/${encodeURIComponent(session)}/quality`);
  source.addEventListener("quality", (message) => {
    const second = JSON.parse(message.data) as { at: string; connections: ConnectionQuality[] };
    heard(Math.floor(Date.parse(second.at) / 1000), second.connections);
  });
  signal.addEventListener("abort", () => source.close());
}
