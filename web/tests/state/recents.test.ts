import { expect, test } from "vitest";
import { memoryStore } from "../../src/lib/store";
import { addRecent, readRecents, removeRecent } from "../../src/state/recents";

test("the latest comes first, each meeting once, six at most", () => {
  const store = memoryStore();
  for (let index = 0; index < 8; index += 1) {
    addRecent(store, { id: `m${index}`, title: "", at: index });
  }
  addRecent(store, { id: "m4", title: "again", at: 9 });
  expect(readRecents(store).map((recent) => recent.id)).toEqual([
    "m4",
    "m7",
    "m6",
    "m5",
    "m3",
    "m2",
  ]);
  removeRecent(store, "m7");
  expect(readRecents(store)).toHaveLength(5);
});

test("a damaged list is an empty one", () => {
  const store = memoryStore();
  for (const text of ["{", "3", '[{"id":1}, null, {"id":"m","title":"t","at":1}]']) {
    store.write("recents", text);
  }
  expect(readRecents(store)).toEqual([{ id: "m", title: "t", at: 1 }]);
  store.write("recents", "{");
  expect(readRecents(store)).toEqual([]);
  store.write("recents", "3");
  expect(readRecents(store)).toEqual([]);
});
