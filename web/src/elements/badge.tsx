/** The quality of a connection: four bars and words, only when there is something to say. */

const LIT = { excellent: 4, good: 3, fair: 2, poor: 1 };

export type Quality = keyof typeof LIT;

export function QualityBadge({ quality, label }: { quality: Quality; label: string }) {
  return (
    <span class={`quality quality-${quality}`} role="img" aria-label={label} title={label}>
      {[1, 2, 3, 4].map((bar) => (
        <i key={bar} class={bar <= LIT[quality] ? "on" : ""} />
      ))}
    </span>
  );
}
