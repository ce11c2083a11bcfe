import { expect, test } from "vitest";
import { memoryStore } from "../../src/lib/store";

test("a store gives back what was written until it is removed", () => {
  const store = memoryStore();
  expect(store.read("name")).toBeNull();
  store.write("name", "Ana");
  expect(store.read("name")).toBe("Ana");
  store.remove("name");
  expect(store.read("name")).toBeNull();
});
