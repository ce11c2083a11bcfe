/** Why a microphone, camera or screen could not be had, told apart by what a person can do. */

export type DeviceProblem =
  | "insecure"
  | "denied"
  | "denied_system"
  | "in_use"
  | "missing"
  | "unknown";

/** What is known besides the error itself. */
export interface ProblemContext {
  secure: boolean;
  permission: PermissionState | null;
}

/** Chromium says it in the message; a browser that had permission and is refused says the same. */
function deniedBySystem(error: Error, context: ProblemContext): boolean {
  return /system/i.test(error.message) || context.permission === "granted";
}

/** Sorts a `getUserMedia` error. */
export function problemOf(error: unknown, context: ProblemContext): DeviceProblem {
  if (!context.secure) return "insecure";
  if (!(error instanceof Error)) return "unknown";
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return deniedBySystem(error, context) ? "denied_system" : "denied";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "unknown";
  }
}
