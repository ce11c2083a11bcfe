/** Meetings this device was in lately. */
import type { Store } from "../lib/store";

export interface Recent {
  id: string;
  title: string;
  /** Milliseconds since 1970. */
  at: number;
}

const MOST = 6;

export function readRecents(store: Store): Recent[] {
  try {
    const value: unknown = JSON.parse(store.read("recents") ?? "[]");
    return Array.isArray(value) ? value.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return []; // Somebody edited the storage by hand.
  }
}

export function addRecent(store: Store, recent: Recent): void {
  const others = readRecents(store).filter((one) => one.id !== recent.id);
  store.write("recents", JSON.stringify([recent, ...others].slice(0, MOST)));
}

export function removeRecent(store: Store, id: string): void {
  store.write("recents", JSON.stringify(readRecents(store).filter((one) => one.id !== id)));
}

function isRecent(value: unknown): value is Recent {
  if (typeof value !== "object" || value === null) return false;
  const { id, title, at } = value as Record<string, unknown>;
  return typeof id === "string" && typeof title === "string" && typeof at === "number";
}
