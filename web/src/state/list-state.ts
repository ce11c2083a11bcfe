/** What a page that shows things of the server is in, and how an error leads there. */
import { ApiError } from "../api/http";
import { sentence } from "./home";

export type ListState =
  | { kind: "loading" }
  | { kind: "ready" }
  | { kind: "denied" }
  | { kind: "offline" }
  | { kind: "error"; text: string };

/** What a page shows for an error; a bug is no such error. */
export function failure(error: unknown): ListState {
  if (!(error instanceof ApiError)) throw error;
  if (error.offline) return { kind: "offline" };
  if (error.status === 401 || error.status === 403) return { kind: "denied" };
  return { kind: "error", text: sentence(error) };
}
