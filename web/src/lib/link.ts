/** Meeting links: reading what a person pasted, writing what they copy. */

const ID = /^[0-9a-zA-Z_-]{8,64}$/;

/** Where a pasted link leads: the meeting and, if it carries one, the token. */
export interface MeetingLink {
  meeting: string;
  token: string | null;
}

/** Reads a whole link, a path or a bare id; anything else is null. */
export function readMeetingLink(text: string): MeetingLink | null {
  const trimmed = text.trim();
  if (ID.test(trimmed)) return { meeting: trimmed, token: null };
  const found = /\/m\/([^/?#\s]+)[^#]*(?:#(.*))?$/.exec(trimmed);
  const meeting = found?.[1] ?? "";
  if (!ID.test(meeting)) return null;
  return { meeting, token: readToken(found?.[2] ?? "") };
}

/** The token in the part of an address behind `#`. */
export function readToken(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("t");
}

/** The path of a meeting's page. */
export function meetingPath(meeting: string): string {
  return `/m/${encodeURIComponent(meeting)}`;
}
