/** Files that play as far as a test lets them. */
import type { Voice } from "../../src/lib/voice";

export class FakeVoice implements Voice {
  position = 0;
  ready = true;
  broken = false;
  playing = false;
  closed = false;
  rate = 1;
  volume = 1;
  seeks: number[] = [];

  readonly picture: Node | null;

  constructor(
    readonly url: string,
    kind: "audio" | "video" = "audio",
  ) {
    this.picture = kind === "video" ? ({ nodeName: url } as Node) : null;
  }

  seek(seconds: number): void {
    this.seeks.push(seconds);
    this.position = seconds;
  }

  play(): void {
    this.playing = true;
  }

  pause(): void {
    this.playing = false;
  }

  setRate(rate: number): void {
    this.rate = rate;
  }

  setVolume(volume: number): void {
    this.volume = volume;
  }

  close(): void {
    this.closed = true;
  }
}

/** Opens voices and keeps them by address. */
export function voices() {
  const opened = new Map<string, FakeVoice>();
  const open = (url: string, kind: "audio" | "video") => {
    const voice = new FakeVoice(url, kind);
    opened.set(url, voice);
    return voice;
  };
  return { open, opened, at: (url: string) => opened.get(url) ?? new FakeVoice("none") };
}
