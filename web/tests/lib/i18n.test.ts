import { expect, test } from "vitest";
import en from "../../src/i18n/en.json";
import { maybe, t } from "../../src/lib/i18n";

test("values are put in and plurals chosen", () => {
  expect(t("people.count", { count: 1 })).toBe("1 person");
  expect(t("people.count", { count: 4 })).toBe("4 people");
  expect(t("toast.joined", { name: "<Bo>" })).toBe("<Bo> joined");
});

test("a key made at run time may be missing", () => {
  expect(maybe("error.meeting_full")).toContain("full");
  expect(maybe("error.never_heard_of")).toBeNull();
});

test("texts keep the wording rules: no exclamation marks, no empty strings", () => {
  for (const [key, text] of Object.entries(en)) {
    expect(text, key).not.toMatch(/!|Oops/);
    expect(text.trim(), key).toBe(text);
    expect(text, key).not.toBe("");
  }
});

test("every text is used somewhere", () => {
  const files = import.meta.glob<string>("../../src/**/*.{ts,tsx}", {
    query: "?raw",
    import: "default",
    eager: true,
  });
  const source = Object.values(files).join("\n");
  const made = [...source.matchAll(/`([a-zA-Z.]+)\$\{/g)].map((found) => found[1] ?? "");
  const unused = Object.keys(en)
    .map((key) => key.replace(/_(one|other)$/, ""))
    .filter((key) => !source.includes(`"${key}"`))
    .filter((key) => !made.some((beginning) => key.startsWith(beginning)));
  expect(unused).toEqual([]);
});
