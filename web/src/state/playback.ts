/** One clock for all voices of a recording; each voice follows it, and it waits for each. */
import { type ReadonlySignal, signal } from "@preact/signals-core";
import type { Clock } from "../lib/clock";
import type { OpenVoice, Voice } from "../lib/voice";

/** A file and its place; `lane` says whose volume holds for it. */
export interface Part {
  id: string;
  kind: "audio" | "video";
  lane: string;
  url: string;
  offset: number;
  duration: number;
  /** How long a second of the file is by the recording's clock. */
  stretch: number;
}

/** Pictures that belong to this moment. */
export interface Shown {
  id: string;
  lane: string;
  picture: Node;
}

const TICK_MS = 50;
/** Files are opened this many seconds before they are heard, and closed as long after. */
const AHEAD = 5;
/** Seconds off the clock that nobody hears as an echo. */
const CLOSE = 0.04;
/** Further off than this a voice jumps; nearer, it is played a little faster or slower. */
const FAR = 0.25;
const NUDGE = 0.03;
/** Before the very end of a file there is nothing to wait for. */
const END = 0.1;

export const RATES = [0.75, 1, 1.25, 1.5, 2] as const;

export class Playback {
  private readonly place = signal(0);
  private readonly running = signal(false);
  private readonly held = signal(false);
  private readonly speed = signal(1);
  private readonly seen = signal<readonly Shown[]>([]);
  private readonly lost = signal<ReadonlySet<string>>(new Set());
  private readonly voices = new Map<string, Voice>();
  private parts: readonly Part[] = [];
  private volume: (lane: string) => number = () => 1;
  private length = 0;
  private looked = 0;

  constructor(
    private readonly open: OpenVoice,
    private readonly clock: Clock,
    lifetime: AbortSignal,
  ) {
    this.clock.every(TICK_MS, () => this.tick(), lifetime);
    lifetime.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Seconds from the recording's start. */
  get at(): ReadonlySignal<number> {
    return this.place;
  }

  get playing(): ReadonlySignal<boolean> {
    return this.running;
  }

  /** Whether it waits for sound to arrive. */
  get waiting(): ReadonlySignal<boolean> {
    return this.held;
  }

  get rate(): ReadonlySignal<number> {
    return this.speed;
  }

  /** What is to be seen now. */
  get shown(): ReadonlySignal<readonly Shown[]> {
    return this.seen;
  }

  /** Lanes of which a file cannot be played. */
  get broken(): ReadonlySignal<ReadonlySet<string>> {
    return this.lost;
  }

  /** Plays these from now on; files that are open stay so, unless their address is another. */
  load(parts: readonly Part[], duration: number): void {
    const before = new Map(this.parts.map((part) => [part.id, part.url]));
    for (const part of parts) {
      // A signed address changes; a file that plays needs no new one until it breaks.
      const fresh = before.get(part.id) !== part.url;
      if (fresh && this.voices.get(part.id)?.broken) this.drop(part.id);
    }
    this.lost.value = new Set();
    this.parts = parts;
    this.length = duration;
    if (this.place.value > duration) this.seek(duration);
    this.look();
  }

  /** How loud each lane is, 0 to 1. */
  balance(volume: (lane: string) => number): void {
    this.volume = volume;
    for (const part of this.parts) this.voices.get(part.id)?.setVolume(volume(part.lane));
  }

  play(): void {
    if (this.place.value >= this.length - END) this.seek(0);
    this.looked = this.clock.now();
    this.running.value = true;
    this.tick();
  }

  pause(): void {
    this.running.value = false;
    this.held.value = false;
    for (const voice of this.voices.values()) voice.pause();
  }

  toggle(): void {
    if (this.running.value) this.pause();
    else this.play();
  }

  seek(to: number): void {
    this.place.value = Math.max(0, Math.min(to, this.length));
    for (const part of this.parts) {
      const voice = this.voices.get(part.id);
      if (voice && this.covers(part)) voice.seek(this.within(part));
    }
    this.look();
  }

  setRate(rate: number): void {
    this.speed.value = rate;
  }

  /** Finds what is to be seen, also while nothing plays. */
  private look(): void {
    const shown: Shown[] = [];
    for (const part of this.parts) {
      if (part.kind !== "video" || !this.covers(part)) continue;
      const voice = this.voices.get(part.id) ?? this.opened(part);
      if (voice.broken) this.lose(part.lane);
      else if (voice.picture) shown.push({ id: part.id, lane: part.lane, picture: voice.picture });
    }
    const before = this.seen.value;
    const same =
      shown.length === before.length &&
      shown.every((one, at) => one.picture === before[at]?.picture);
    if (!same) this.seen.value = shown;
  }

  private tick(): void {
    const now = this.clock.now();
    const passed = (now - this.looked) / 1000;
    this.looked = now;
    if (!this.running.value) return;
    this.tend();
    this.look();
    if (this.held.value) return;
    this.place.value = Math.min(this.length, this.place.value + passed * this.speed.value);
    if (this.place.value >= this.length) this.pause();
  }

  /** Opens what is near, closes what is far, and holds the clock while anything is not ready. */
  private tend(): void {
    const heard: [Part, Voice][] = [];
    for (const part of this.parts) {
      if (!this.isNear(part)) {
        this.drop(part.id);
        continue;
      }
      const voice = this.voices.get(part.id) ?? this.opened(part);
      if (voice.broken) this.lose(part.lane);
      else if (this.covers(part)) heard.push([part, voice]);
      else voice.pause();
    }
    const late = heard.some(([part, voice]) => !voice.ready && !this.isAtEnd(part));
    this.held.value = late;
    for (const [part, voice] of heard) {
      if (late) voice.pause();
      else this.follow(part, voice);
    }
  }

  private follow(part: Part, voice: Voice): void {
    // Sound stays as it was recorded: a clock that ran fast or slow shows as a place to catch up.
    const off = this.within(part) - voice.position;
    if (Math.abs(off) > FAR && !this.isAtEnd(part)) voice.seek(voice.position + off);
    const nudge = Math.abs(off) > CLOSE ? Math.sign(off) * NUDGE : 0;
    voice.setRate(this.speed.value * (1 + nudge));
    voice.play();
  }

  private opened(part: Part): Voice {
    const voice = this.open(part.url, part.kind);
    voice.setVolume(this.volume(part.lane));
    if (this.covers(part)) voice.seek(this.within(part));
    this.voices.set(part.id, voice);
    return voice;
  }

  private lose(lane: string): void {
    if (!this.lost.value.has(lane)) this.lost.value = new Set([...this.lost.value, lane]);
  }

  private drop(id: string): void {
    this.voices.get(id)?.close();
    this.voices.delete(id);
  }

  private close(): void {
    for (const id of [...this.voices.keys()]) this.drop(id);
  }

  /** The second of its file that belongs to this moment. */
  private within(part: Part): number {
    return (this.place.value - part.offset) / part.stretch;
  }

  private covers(part: Part): boolean {
    const at = this.place.value;
    return part.offset <= at && at < part.offset + part.duration;
  }

  private isNear(part: Part): boolean {
    const at = this.place.value;
    return part.offset - AHEAD <= at && at <= part.offset + part.duration + AHEAD;
  }

  private isAtEnd(part: Part): boolean {
    return this.place.value >= part.offset + part.duration - END;
  }
}
