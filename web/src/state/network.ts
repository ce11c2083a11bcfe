/** The person's own network: figures of the last seconds and one sentence about them. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { QualityLabel } from "../rtc/messages";
import { figuresBetween, type NetworkFigures, type Totals, totalsOf } from "../rtc/report";

export type Verdict = "unknown" | "good" | "fair" | "poor";

/** The server's judgement in the three words of the panel. */
export function verdictOf(label: QualityLabel | null): Verdict {
  if (label === null) return "unknown";
  return label === "excellent" ? "good" : label;
}

export class Network {
  private readonly shown = signal<NetworkFigures | null>(null);
  private readonly own = signal<{ label: QualityLabel; reason: string | null } | null>(null);
  private before: Totals | null = null;

  get figures(): ReadonlySignal<NetworkFigures | null> {
    return this.shown;
  }

  /** The server's word on us; it measures both directions. */
  get quality(): ReadonlySignal<{ label: QualityLabel; reason: string | null } | null> {
    return this.own;
  }

  judged(label: QualityLabel, reason: string | null): void {
    this.own.value = { label, reason };
  }

  measured(report: RTCStatsReport, at: number): void {
    const now = totalsOf(report, at);
    // A new peer connection counts from zero again.
    const same = this.before !== null && this.before.received <= now.received;
    if (this.before && same) this.shown.value = figuresBetween(this.before, now);
    this.before = now;
  }
}
