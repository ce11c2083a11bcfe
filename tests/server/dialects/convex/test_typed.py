"""The typed client: every function is in it, and a real TypeScript compiler takes it."""

import asyncio
from pathlib import Path

import pytest

from server.dialects.convex.functions import FUNCTIONS
from server.dialects.convex.typed import api_text

ROOT = Path(__file__).resolve().parents[4]
COMPILER = ROOT / "web/node_modules/typescript/bin/tsc"
CLIENT = ROOT / "tests/dialects/node/node_modules/convex"

USE = """
import { ConvexHttpClient } from "convex/browser";
import { api } from "./api.js";

export async function use(client: ConvexHttpClient): Promise<string | undefined> {
  const query = api.meetings.webrtc.index.getActiveSessions;
  const rows = await client.query(query, { meetingId: "j57" });
  const first: "excellent" | "good" | "fair" | "poor" | undefined = rows[0].connectionQuality;
  // @ts-expect-error: a meeting must be named
  await client.query(api.meetings.webrtc.index.getActiveSessions, {});
  // @ts-expect-error: it is a query
  await client.mutation(api.meetings.webrtc.index.getActiveSessions, { meetingId: "j57" });
  return first ?? rows[0].user.displayName;
}
"""


def test_every_function_is_named():
    text = api_text()
    assert all(f'"{name}"' in text for name in FUNCTIONS)
    assert "displayName?: string" in text


@pytest.mark.long
@pytest.mark.skipif(
    not (COMPILER.exists() and CLIENT.exists()), reason="the npm packages are not installed"
)
async def test_a_real_compiler_takes_it(tmp_path: Path):
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/convex").symlink_to(CLIENT)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "api.ts").write_text(api_text())
    (tmp_path / "use.ts").write_text(USE)
    flags = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022"]
    flags += ["--module", "nodenext", "--moduleResolution", "nodenext"]
    program = await asyncio.create_subprocess_exec(
        "node",
        str(COMPILER),
        *flags,
        "use.ts",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await program.communicate()
    assert (program.returncode, output.decode()) == (0, "")
