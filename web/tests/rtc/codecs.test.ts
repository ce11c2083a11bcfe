import { expect, test } from "vitest";
import { microphoneCodecs, redundantFirst } from "../../src/rtc/codecs";

const codec = (mimeType: string) => ({ mimeType, clockRate: 48_000 });

test("redundant audio comes first, the others keep their order", () => {
  const order = redundantFirst(["audio/opus", "audio/RED", "audio/PCMU"].map(codec));
  expect(order.map(({ mimeType }) => mimeType)).toEqual(["audio/RED", "audio/opus", "audio/PCMU"]);
});

test("nothing is preferred unless it is wanted and the browser can", () => {
  expect(microphoneCodecs(false)).toEqual([]);
  expect(microphoneCodecs(true)).toEqual([]);
});
