/** The chat of a meeting: lines in order, and how many are new while nobody looks. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { ChatLine } from "../rtc/messages";

/** As many as the server keeps for those who come later, and then some. */
const MOST = 500;

export const CHAT_LIMIT = 2_000;

export class Chat {
  private readonly kept = signal<readonly ChatLine[]>([]);
  private readonly fresh = signal(0);

  get lines(): ReadonlySignal<readonly ChatLine[]> {
    return this.kept;
  }

  get unread(): ReadonlySignal<number> {
    return this.fresh;
  }

  /** The server's history; what we knew beyond it stays. */
  reset(history: readonly ChatLine[]): void {
    const known = new Set(history.map((line) => line.id));
    const earlier = this.kept.value.filter((line) => !known.has(line.id));
    this.kept.value = [...earlier, ...history].slice(-MOST);
  }

  add(line: ChatLine, seen: boolean): void {
    this.kept.value = [...this.kept.value, line].slice(-MOST);
    if (!seen) this.fresh.value += 1;
  }

  read(): void {
    this.fresh.value = 0;
  }
}
