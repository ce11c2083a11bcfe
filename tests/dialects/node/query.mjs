// One getActiveSessions through the published client; prints {"value": ...} or {"error": ..., "data": ...}.
// Usage: node query.mjs URL METHOD MEETING_ID [TOKEN]; METHOD is query or consistentQuery.
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { ConvexError } from "convex/values";

const [url, method, meetingId, token] = process.argv.slice(2);
const client = new ConvexHttpClient(url);
if (token) client.setAuth(token);
const args = meetingId === "-" ? {} : { meetingId };
try {
  const value = await client[method](anyApi.meetings.webrtc.index.getActiveSessions, args);
  console.log(JSON.stringify({ value }));
} catch (error) {
  const data = error instanceof ConvexError ? error.data : undefined;
  console.log(JSON.stringify({ error: error.message, data }));
}
