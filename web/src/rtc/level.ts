/** How loud a track is, for meters: ten times a second, 0 to 1. */
import type { Clock } from "../lib/clock";

const PERIOD_MS = 100;
/** The quietest level the meter shows, in dB below full scale. */
const FLOOR_DB = -60;

/** A root mean square of samples (1 is full scale) as a meter's height from 0 to 1. */
export function meterHeight(rms: number): number {
  if (rms <= 0) return 0;
  const decibel = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, 1 - decibel / FLOOR_DB));
}

/** Calls `show` with the level of `track` until `signal` aborts. */
export function watchLevel(
  track: MediaStreamTrack,
  clock: Clock,
  show: (level: number) => void,
  signal: AbortSignal,
): void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  clock.every(
    PERIOD_MS,
    () => {
      // Without a gesture the context may start suspended; it may run after the first click.
      if (context.state === "suspended") void context.resume().catch(() => undefined);
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      show(meterHeight(Math.sqrt(sum / samples.length)));
    },
    signal,
  );
  signal.addEventListener("abort", () => void context.close(), { once: true });
}
