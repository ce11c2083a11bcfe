/** A recorded file; every member can be given, the rest is plausible. */
import type { RecordingFile } from "../../src/api/types";

export function file(members: Partial<RecordingFile> = {}): RecordingFile {
  return {
    id: "f",
    participant_id: "p",
    name: "Zoë",
    kind: "audio",
    source: "microphone",
    format: "ogg",
    state: "ready",
    progress: 1,
    reason: null,
    content_type: "audio/ogg",
    duration_seconds: 10,
    bytes: 1,
    offset_seconds: 0,
    clock_skew_ppm: 0,
    segment: 1,
    complete: true,
    url: `/files/${members.id ?? "f"}`,
    ...members,
  };
}
