// Calls of the published cloudflare clients against a server; prints what they return as JSON.
// Usage: node kit.mjs BASE_URL 6|7 MEETING
import Cloudflare from "cloudflare";
import Cloudflare6 from "cloudflare6";

const [baseURL, major, meeting] = process.argv.slice(2);
const account_id = "acc";
const app = "my-app";
const Client = major === "6" ? Cloudflare6 : Cloudflare;
const client = new Client({ apiToken: "rt_dev", baseURL, maxRetries: 0 });
const kit = client.realtimeKit;

async function outcome(call) {
  try {
    return await call();
  } catch (error) {
    return { status: error.status, name: error.constructor.name, body: error.error };
  }
}

const where = { account_id, app_id: app };
const of = (id, more = {}) =>
  major === "6" ? [app, id, { account_id, ...more }] : [id, { ...where, ...more }];
const results = {
  created: await outcome(() => kit.meetings.create(app, { account_id, title: "From Node" })),
  active: await outcome(() => kit.activeSession.getActiveSession(...of(meeting))),
  missing: await outcome(() => kit.activeSession.getActiveSession(...of("nothing"))),
  added: await outcome(() =>
    kit.meetings.addParticipant(
      ...of(meeting, { custom_participant_id: "bob", preset_name: "group_call_host" }),
    ),
  ),
  sessions: await outcome(() =>
    kit.sessions.getSessions(app, { account_id, associated_id: meeting }),
  ),
  kicked: await outcome(() => kit.activeSession.kickAllParticipants(...of(meeting))),
};
console.log(JSON.stringify(results));
