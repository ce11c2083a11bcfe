/** One file of sound or pictures that can be played, as a collaborator. */
export interface Voice {
  /** Where it is, in seconds of the file. */
  readonly position: number;
  /** Whether it can go on from there at once. */
  readonly ready: boolean;
  /** Whether it cannot be played at all. */
  readonly broken: boolean;
  /** What shows its pictures; null for sound. */
  readonly picture: Node | null;
  seek(seconds: number): void;
  play(): void;
  pause(): void;
  setRate(rate: number): void;
  /** 0 is silence, 1 as recorded. */
  setVolume(volume: number): void;
  close(): void;
}

export type OpenVoice = (url: string, kind: "audio" | "video") => Voice;
