/** A transcript as it is read: what is said at a moment, and where words are found; pure. */
import type { TranscriptSegment, TranscriptWord } from "../api/types";

/** Words below this were guessed by the engine. */
const DOUBT = 0.5;

/** The segment that is being said: the last one that has begun; -1 before the first. */
export function segmentAt(segments: readonly TranscriptSegment[], at: number): number {
  let found = -1;
  for (const [index, segment] of segments.entries()) {
    if (segment.start > at) break;
    found = index;
  }
  return found;
}

/** The word under the playhead; -1 between words. */
export function wordAt(words: readonly TranscriptWord[], at: number): number {
  return words.findIndex(({ start, end }) => start <= at && at < end);
}

export function isDoubtful(word: TranscriptWord): boolean {
  return word.confidence !== null && word.confidence < DOUBT;
}

/** Segments in which the speaker or the text has all of it; all for an empty search. */
export function matching(
  segments: readonly TranscriptSegment[],
  search: string,
): readonly TranscriptSegment[] {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return segments;
  return segments.filter(({ name, text }) => `${name} ${text}`.toLowerCase().includes(wanted));
}
