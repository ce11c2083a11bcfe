/** The address bar as a signal. */
import { signal } from "@preact/signals-core";

const here = signal(location.pathname);

/** The path shown now. */
export const path = {
  get value() {
    return here.value;
  },
};

/** Goes to another page without loading the document again. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  here.value = location.pathname;
  scrollTo(0, 0);
}

/** Follows the browser's back button and clicks on links of our own pages. */
export function followLinks(ours: (path: string) => boolean): void {
  addEventListener("popstate", () => {
    here.value = location.pathname;
  });
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (!link || event.defaultPrevented || !plain || event.button !== 0) return;
    if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (!ours(link.pathname)) return;
    event.preventDefault();
    navigate(link.pathname + link.search + link.hash);
  });
}
