/** The browser's storages; a browser that refuses them leaves a store that forgets. */
import { memoryStore, type Store } from "../lib/store";

function wrap(open: () => Storage): Store {
  const fallback = memoryStore();
  const guarded = <Result>(use: (store: Storage) => Result, instead: () => Result): Result => {
    try {
      return use(open());
    } catch {
      return instead(); // Private windows and strict settings throw on any touch.
    }
  };
  return {
    read: (key) =>
      guarded(
        (store) => store.getItem(`roomtone.${key}`),
        () => fallback.read(key),
      ),
    write: (key, value) =>
      guarded(
        (store) => store.setItem(`roomtone.${key}`, value),
        () => fallback.write(key, value),
      ),
    remove: (key) =>
      guarded(
        (store) => store.removeItem(`roomtone.${key}`),
        () => fallback.remove(key),
      ),
  };
}

/** Kept on this device. */
export const deviceStore = wrap(() => localStorage);

/** Kept while this tab lives. */
export const tabStore = wrap(() => sessionStorage);
