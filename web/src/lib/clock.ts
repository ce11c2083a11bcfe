/** Time as a collaborator: view-models never read a clock of their own. */
export interface Clock {
  /** Milliseconds that only grow; their zero means nothing. */
  now(): number;
  /** Milliseconds since 1970, as the person's device believes. */
  wall(): number;
  /** Runs `action` once after `delay` milliseconds unless `signal` aborts first. */
  after(delay: number, action: () => void, signal: AbortSignal): void;
  /** Runs `action` each `period` milliseconds until `signal` aborts. */
  every(period: number, action: () => void, signal: AbortSignal): void;
}
