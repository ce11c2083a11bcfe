/** The person's own network: figures of the last seconds and one sentence about them. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Direction, QualityLabel } from "../rtc/messages";
import { figuresBetween, type NetworkFigures, type Totals, totalsOf } from "../rtc/report";
import { EMPTY, extended, type Trend } from "./trend";

export type Verdict = "unknown" | "good" | "fair" | "poor";

/** The server's judgement in the three words of the panel. */
export function verdictOf(label: QualityLabel | null): Verdict {
  if (label === null) return "unknown";
  return label === "excellent" ? "good" : label;
}

/** What the server said of us last. */
export interface Judged {
  label: QualityLabel;
  reason: string | null;
  /** Of the stream that the label is of. */
  lossPercent?: number | null | undefined;
  direction?: Direction | null | undefined;
  source?: string | null | undefined;
}

/** How the others hear us, when they hear us badly; the panel explains the rest. */
export function speakerWarning(
  judged: Judged | null,
): { kind: "breaking" | "choppy"; loss: number } | null {
  if (judged?.direction !== "uplink" || judged.source !== "microphone") return null;
  if (judged.label !== "fair" && judged.label !== "poor") return null;
  if (judged.reason === "loss")
    return { kind: "breaking", loss: Math.round(judged.lossPercent ?? 0) };
  return judged.reason === "jitter" ? { kind: "choppy", loss: 0 } : null;
}

export class Network {
  private readonly shown = signal<NetworkFigures | null>(null);
  private readonly own = signal<Judged | null>(null);
  private readonly past = signal<Trend>(EMPTY);
  private before: Totals | null = null;

  get figures(): ReadonlySignal<NetworkFigures | null> {
    return this.shown;
  }

  /** The last ten minutes. */
  get trend(): ReadonlySignal<Trend> {
    return this.past;
  }

  /** The server's word on us; it measures both directions. */
  get quality(): ReadonlySignal<Judged | null> {
    return this.own;
  }

  judged(word: Judged): void {
    this.own.value = word;
  }

  /** `at` only ever grows, `wall` is the time of day; both in milliseconds. */
  measured(report: RTCStatsReport, at: number, wall: number = at): void {
    const now = totalsOf(report, at);
    // A new peer connection counts from zero again.
    const same = this.before !== null && this.before.received <= now.received;
    if (this.before && same) {
      this.shown.value = figuresBetween(this.before, now);
      this.past.value = extended(this.past.value, wall / 1000, this.shown.value);
    }
    this.before = now;
  }
}
