/** When something began, exactly and in words. */
import { ago } from "../lib/format";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A time of the wire (ISO 8601) as a day and a time of day. */
export function moment(time: string): string {
  return DAY.format(new Date(time));
}

export function When({ at }: { at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={EXACT.format(date)}>
      {DAY.format(date)} · {ago(date.getTime(), Date.now())}
    </time>
  );
}
