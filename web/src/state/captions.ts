/** Captions: what was said last, and whether this person wants to see it. */
import { computed, type ReadonlySignal, signal } from "@preact/signals-core";
import type { CaptionLine, CaptionsNotice } from "../rtc/messages";

/** Lines on the screen; more would hide the people who speak. */
const LINES = 3;
/** Then a line has been read. */
const SHOWN_MS = 8_000;

interface Shown extends CaptionLine {
  at: number;
}

export class Captions {
  private readonly said = signal<readonly Shown[]>([]);
  private readonly notice = signal<CaptionsNotice | null>(null);
  private readonly wanted = signal(false);

  get state(): ReadonlySignal<CaptionsNotice | null> {
    return this.notice;
  }

  /** This person wants to see them. */
  get on(): ReadonlySignal<boolean> {
    return this.wanted;
  }

  readonly running: ReadonlySignal<boolean> = computed(
    () => this.notice.value?.state === "running",
  );

  /** What is to be seen now, oldest first; empty while nobody wants it. */
  readonly lines: ReadonlySignal<readonly CaptionLine[]> = computed(() =>
    this.wanted.value ? this.said.value : [],
  );

  changed(notice: CaptionsNotice | null): void {
    this.notice.value = notice;
  }

  want(on: boolean): void {
    this.wanted.value = on;
  }

  add(line: CaptionLine, now: number): void {
    const others = this.said.value.filter((one) => one.id !== line.id);
    const known = others.length < this.said.value.length;
    if (!line.text) {
      this.said.value = others;
      return;
    }
    const shown = { ...line, at: now };
    const next = known
      ? this.said.value.map((one) => (one.id === line.id ? shown : one))
      : [...others, shown];
    this.said.value = next.slice(-LINES);
  }

  /** Takes away what has been read. */
  forget(now: number): void {
    const left = this.said.value.filter((line) => now - line.at < SHOWN_MS);
    if (left.length < this.said.value.length) this.said.value = left;
  }
}
