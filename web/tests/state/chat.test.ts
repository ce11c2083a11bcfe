import { expect, test } from "vitest";
import { Chat } from "../../src/state/chat";

const line = (id: string) => ({ id, participant: "bo", name: "Bo", text: id, at: "" });
const ids = (chat: Chat) => chat.lines.value.map((one) => one.id);

test("unseen lines are counted until the chat is read", () => {
  const chat = new Chat();
  chat.add(line("1"), false);
  chat.add(line("2"), true);
  chat.add(line("3"), false);
  expect(chat.unread.value).toBe(2);
  chat.read();
  expect(chat.unread.value).toBe(0);
});

test("a new snapshot keeps what was known and doubles nothing", () => {
  const chat = new Chat();
  chat.add(line("1"), true);
  chat.add(line("2"), true);
  chat.reset([line("2"), line("3")]);
  expect(ids(chat)).toEqual(["1", "2", "3"]);
});

test("it forgets the oldest beyond its limit", () => {
  const chat = new Chat();
  for (let index = 0; index < 510; index += 1) chat.add(line(String(index)), true);
  expect(ids(chat)).toHaveLength(500);
  expect(ids(chat)[0]).toBe("10");
});
