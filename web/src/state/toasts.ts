/** Short notices: shown for some seconds, read aloud by their urgency. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Clock } from "../lib/clock";

export interface Toast {
  id: number;
  text: string;
  /** Read at once instead of when the reader pauses. */
  urgent: boolean;
  /** What it is about, so that reading that elsewhere takes it away. */
  topic: string | null;
}

const SHOWN_MS = 6_000;
/** More than this on screen at once is noise; the oldest goes. */
const MOST = 4;

export class Toasts {
  private readonly shown = signal<readonly Toast[]>([]);
  private next = 1;

  constructor(
    private readonly clock: Clock,
    private readonly lifetime: AbortSignal,
  ) {}

  get list(): ReadonlySignal<readonly Toast[]> {
    return this.shown;
  }

  show(text: string, options: { urgent?: boolean; topic?: string } = {}): void {
    const { urgent = false, topic = null } = options;
    const toast = { id: this.next, text, urgent, topic };
    this.next += 1;
    this.shown.value = [...this.shown.value, toast].slice(-MOST);
    this.clock.after(SHOWN_MS, () => this.dismiss(toast.id), this.lifetime);
  }

  dismiss(id: number): void {
    this.shown.value = this.shown.value.filter((toast) => toast.id !== id);
  }

  /** Takes away all notices about `topic`. */
  clear(topic: string): void {
    this.shown.value = this.shown.value.filter((toast) => toast.topic !== topic);
  }
}
