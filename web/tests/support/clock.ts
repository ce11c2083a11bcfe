/** A clock that moves only when a test says so. */
import type { Clock } from "../../src/lib/clock";

interface Timer {
  at: number;
  action: () => void;
  period: number | null;
  signal: AbortSignal;
}

export class FakeClock implements Clock {
  private time = 1_000;
  private timers: Timer[] = [];

  now(): number {
    return this.time;
  }

  wall(): number {
    return 1_800_000_000_000 + this.time;
  }

  after(delay: number, action: () => void, signal: AbortSignal): void {
    this.timers.push({ at: this.time + delay, action, period: null, signal });
  }

  every(period: number, action: () => void, signal: AbortSignal): void {
    this.timers.push({ at: this.time + period, action, period, signal });
  }

  /** Timers that would still fire. */
  get waiting(): number {
    return this.timers.filter((timer) => !timer.signal.aborted).length;
  }

  /** Moves time on, running what is due in order. */
  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      this.timers = this.timers.filter((timer) => !timer.signal.aborted);
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.time = Math.max(this.time, due.at);
      if (due.period === null) this.timers.splice(this.timers.indexOf(due), 1);
      else due.at += due.period;
      due.action();
    }
    this.time = end;
  }
}
