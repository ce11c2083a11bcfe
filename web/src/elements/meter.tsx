/** A microphone level as bars; the number is for those who cannot see them. */
import type { ReadonlySignal } from "@preact/signals-core";

const BARS = 14;

export function Meter({ level, label }: { level: ReadonlySignal<number>; label: string }) {
  const lit = Math.round(level.value * BARS);
  const bars = Array.from({ length: BARS }, (_, index) => index);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a meter element cannot be drawn as bars
    <div
      class="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(level.value * 100)}
    >
      {bars.map((bar) => (
        <i key={bar} class={bar < lit ? "on" : ""} />
      ))}
    </div>
  );
}
