/** A table that scrolls inside its own box where it is wider than the page. */
import type { ComponentChildren } from "preact";

export function TableBox({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
    <section class="table-box" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
