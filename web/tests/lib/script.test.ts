import { expect, test } from "vitest";
import type { TranscriptSegment } from "../../src/api/types";
import { isDoubtful, matching, segmentAt, wordAt } from "../../src/lib/script";

const word = (text: string, start: number, confidence: number | null = null) => ({
  ...{ text, start, confidence },
  end: start + 0.5,
});

function segment(name: string, start: number, text: string): TranscriptSegment {
  const words = text.split(" ").map((one, index) => word(one, start + index));
  return {
    id: text,
    participant_id: name,
    name,
    start,
    end: start + 2,
    text,
    confidence: 1,
    words,
  };
}

const SAID = [segment("Ana", 1, "Good morning"), segment("Bo", 4, "The agenda")];

test("the segment that has begun last is spoken", () => {
  expect([0, 1, 3.9, 4, 99].map((at) => segmentAt(SAID, at))).toEqual([-1, 0, 0, 1, 1]);
});

test("a word is under the playhead from its start to its end", () => {
  const { words } = SAID[0] ?? segment("", 0, "");
  expect([1, 1.4, 1.5, 2.2].map((at) => wordAt(words, at))).toEqual([0, 0, -1, 1]);
});

test("the search finds speakers and words", () => {
  expect(matching(SAID, " AGENDA ")).toEqual([SAID[1]]);
  expect(matching(SAID, "ana")).toEqual([SAID[0]]);
  expect(matching(SAID, "")).toEqual(SAID);
  expect(matching(SAID, "nothing")).toEqual([]);
});

test("only a word with a low confidence is doubtful", () => {
  expect([0.3, 0.9, null].map((one) => isDoubtful(word("x", 0, one)))).toEqual([
    true,
    false,
    false,
  ]);
});
