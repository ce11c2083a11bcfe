import { expect, test } from "vitest";
import { ApiError } from "../../src/api/http";
import type { ShareLink, ShareUse } from "../../src/api/types";
import { endOf, Shares } from "../../src/state/shares";

function link(id: string, members: Partial<ShareLink> = {}): ShareLink {
  return {
    ...{ id, url: null, label: null, created_by: null, revoked_at: null, last_used_at: null },
    ...{ created_at: "2026-11-20T12:00:00Z", expires_at: "2026-11-21T12:00:00Z" },
    ...{ allow_download: true, signed_in: false, opened: 0, ...members },
  };
}

function make() {
  const kept = [link("1")];
  const uses: ShareUse[] = [
    { at: "2", address: "a", file_id: "f", bytes_range: null },
    { at: "1", address: "a", file_id: null, bytes_range: null },
  ];
  const server = {
    shares: async () => ({ items: [...kept] }),
    createShare: async () => {
      kept.push(link("2"));
      return link("2", { url: "/s/token" });
    },
    revokeShare: async (_: string, id: string) => {
      if (id !== "1") throw new ApiError(404, "share_not_found", "There is none.", null);
      kept[0] = link("1", { revoked_at: "2026-11-20T13:00:00Z" });
    },
    shareUses: async () => ({ items: uses }),
  };
  return new Shares(server, "r");
}

test("a new link is told once and listed first", async () => {
  const shares = make();
  await shares.create({ ttl: 60, allow_download: true, signed_in: false, label: null });
  expect(shares.made.value).toBe("/s/token");
  expect(shares.links.value?.map(({ id }) => id)).toEqual(["2", "1"]);
});

test("withdrawing a link is seen, or why it did not work", async () => {
  const shares = make();
  await shares.load();
  await shares.revoke("1");
  expect(shares.links.value?.[0]?.revoked_at).not.toBeNull();
  await shares.revoke("9");
  expect(shares.problem.value).toContain("There is none.");
});

test("the log of a link opens, newest first, and closes", async () => {
  const shares = make();
  await shares.show("1");
  expect(shares.log.value?.uses.map(({ at }) => at)).toEqual(["2", "1"]);
  await shares.show("1");
  expect(shares.log.value).toBeNull();
});

test("a link ends by time or by will", () => {
  const end = 1_795_262_400_000; // 2026-11-21T12:00:00Z
  expect(endOf(link("1"), end - 1)).toBe("good");
  expect(endOf(link("1"), end)).toBe("expired");
  expect(endOf(link("1", { revoked_at: "2026-11-20T13:00:00Z" }), end)).toBe("revoked");
});
