import { expect, test } from "vitest";
import { ApiError, call } from "../../src/api/http";

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined ? null : JSON.stringify(body);
  return async () => new Response(text, { status, headers });
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${String(error)}`);
  return error;
}

test("sends JSON and reads JSON", async () => {
  const seen: RequestInit[] = [];
  const result = await call<{ id: string }>(
    "/v1/meetings",
    { method: "POST", body: { title: "x" }, token: "t" },
    async (_path, init) => {
      seen.push(init);
      return new Response('{"id":"m"}', { status: 201 });
    },
  );
  expect(result).toEqual({ id: "m" });
  expect(seen[0]).toMatchObject({
    method: "POST",
    body: '{"title":"x"}',
    headers: { "content-type": "application/json", authorization: "Bearer t" },
  });
});

test("an answer without a body is null", async () => {
  expect(await call("/v1/sign-out", {}, answer(204, undefined))).toBeNull();
});

test("a problem keeps its code, sentence and request id", async () => {
  const body = { title: "Gone", detail: "It was deleted.", code: "meeting_gone", request_id: "r1" };
  const error = await failure(call("/x", {}, answer(410, body)));
  expect(error).toMatchObject({
    status: 410,
    code: "meeting_gone",
    detail: "It was deleted.",
    requestId: "r1",
    offline: false,
  });
});

test("an error without a problem body still has a code", async () => {
  const broken = async () =>
    new Response("<html>", { status: 502, statusText: "Bad", headers: { "x-request-id": "r2" } });
  const error = await failure(call("/x", {}, broken));
  expect(error).toMatchObject({ code: "http_502", detail: "Bad", requestId: "r2" });
});

test("a server that is not reached is offline", async () => {
  const error = await failure(
    call("/x", {}, async () => {
      throw new TypeError("Failed to fetch");
    }),
  );
  expect(error.offline).toBe(true);
});

test("an aborted call is not an error of the server", async () => {
  const abort = new DOMException("aborted", "AbortError");
  const call_ = call("/x", {}, async () => {
    throw abort;
  });
  await expect(call_).rejects.toBe(abort);
});
