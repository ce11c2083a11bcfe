import { defineConfig } from "vitest/config";

// The server listens here in development; `npm run dev` proxies to it.
const server = "http://127.0.0.1:8080";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/v1": { target: server, ws: true }, "/openapi.json": server } },
  test: { environment: "node", include: ["tests/**/*.test.ts"] },
});
