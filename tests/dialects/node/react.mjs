// A React application on the published hooks, in a DOM; prints a JSON line for each render.
// Usage: node react.mjs URL MEETING_ID TOKEN. A line "more" on standard input loads the next page.
import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const dom = new JSDOM("<main></main>", { url: "http://localhost/" });
globalThis.window = dom.window;
globalThis.document = dom.window.document;
Object.defineProperty(globalThis, "navigator", { value: dom.window.navigator, configurable: true });
globalThis.WebSocket = dom.window.WebSocket;

const { createElement, useEffect } = await import("react");
const { createRoot } = await import("react-dom/client");
const { ConvexProvider, ConvexReactClient, useMutation, usePaginatedQuery, useQuery } = await import(
  "convex/react"
);
const { anyApi } = await import("convex/server");

const [url, meetingId, token] = process.argv.slice(2);
const tell = (event) => console.log(JSON.stringify(event));
const module = anyApi.meetings.webrtc.index;
const client = new ConvexReactClient(url, { logger: false });
client.setAuth(async () => token, () => {});
const page = {};

function Room() {
  const rows = useQuery(module.getActiveSessions, { meetingId });
  const skipped = useQuery(module.getActiveSessions, "skip");
  const paged = usePaginatedQuery(module.getActiveSessionsPaginated, { meetingId }, { initialNumItems: 1 });
  page.more = paged.loadMore;
  page.create = useMutation(module.createWebRTCSession);
  useEffect(() => {
    if (rows) tell({ rows, skipped: skipped === undefined });
  }, [rows, skipped]);
  useEffect(() => {
    tell({ page: paged.results.map((row) => row.sessionId), status: paged.status });
  }, [paged.results, paged.status]);
  return createElement("p", null, rows ? rows.map((row) => row.user.displayName).join(" ") : "…");
}

createRoot(document.querySelector("main")).render(
  createElement(ConvexProvider, { client }, createElement(Room)),
);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "more") page.more(1);
  else if (line === "text") tell({ text: document.querySelector("main").textContent });
  else await page.create({ meetingId, sessionId: line });
}
