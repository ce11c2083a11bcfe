// One live getActiveSessions through the published client; prints a JSON line for each event.
// Usage: node live.mjs URL MEETING_ID TOKEN [SECONDS LATER_TOKEN]: the first token is shown for that long.
// {"lapsed": true} is told a second after the end of the first token.
// A line {"mutation"|"action"|"query": name, "args": {...}} on standard input is called.
import { createInterface } from "node:readline";
import { ConvexClient } from "convex/browser";
import { anyApi } from "convex/server";

const [url, meetingId, token, seconds, later] = process.argv.slice(2);
const tell = (event) => console.log(JSON.stringify(event));
const client = new ConvexClient(url, { logger: false });
const start = Date.now();
const { exp } = token.includes(".") ? JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))) : {};
if (exp) setTimeout(() => tell({ lapsed: true }), 1000 * (exp + 1) - start).unref();
const current = () => (later && Date.now() - start > 1000 * seconds ? later : token);
client.setAuth(async () => current(), (auth) => tell({ auth }));
client.onUpdate(
  anyApi.meetings.webrtc.index.getActiveSessions,
  { meetingId },
  (rows) => tell({ rows }),
  (error) => tell({ error: error.message, data: error.data }),
);
for await (const line of createInterface({ input: process.stdin })) {
  const { args, ...call } = JSON.parse(line);
  const [[kind, name]] = Object.entries(call);
  client[kind](anyApi.meetings.webrtc.index[name], args).then(
    (value) => tell({ value }),
    (error) => tell({ error: error.message, data: error.data }),
  );
}
