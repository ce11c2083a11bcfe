/** The browser's clock behind the port of `lib/clock`. */
import type { Clock } from "../lib/clock";

export const browserClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, action, signal) {
    if (signal.aborted) return;
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", cancel);
      action();
    }, delay);
    const cancel = () => clearTimeout(timer);
    signal.addEventListener("abort", cancel, { once: true });
  },
  every(period, action, signal) {
    if (signal.aborted) return;
    const timer = setInterval(action, period);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  },
};
