import { serve } from "lanelock/server";
import { expect, test } from "vitest";
import { openKms } from "../kms/open-kms.ts";
import { startServer } from "./harness.ts";
import { signedPath } from "./signed.ts";

const PAGE = "https://app.example";
const CORS = /^access-control-/;

const corsHeaders = ({ headers }: Response) => Object.fromEntries([...headers].filter(([name]) => CORS.test(name)));

function preflight(url: string, origin: string, path = "/") {
  const asked = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,x-acs-action",
  };
  return fetch(`${url}${path}`, { method: "OPTIONS", headers: { origin, ...asked } });
}

test("a page of a named origin may call, and read answers and refusals", async () => {
  await using running = await startServer({ allowedOrigins: ["http://localhost:3000", PAGE] });
  const { url } = running.server;
  const permitted = await preflight(url, PAGE, "/?KeyId=a");
  expect(permitted.status).toBe(204);
  expect(corsHeaders(permitted)).toEqual({
    "access-control-allow-origin": PAGE,
    "access-control-expose-headers": "x-acs-request-id",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": expect.stringMatching(/authorization, .*x-acs-action, .*x-acs-version/),
    "access-control-max-age": "600",
  });
  const readable = { "access-control-allow-origin": PAGE, "access-control-expose-headers": "x-acs-request-id" };
  for (const operation of ["ListKeys", "Unknown"]) {
    const path = signedPath(running.owner, operation);
    const answer = await fetch(`${url}${path}`, { method: "POST", headers: { origin: PAGE } });
    expect(answer.status).toBe(operation === "ListKeys" ? 200 : 404);
    expect(corsHeaders(answer)).toEqual(readable);
    expect(answer.headers.get("vary")).toBe("Origin");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  }
});

test.each([
  ["another origin", { allowedOrigins: [PAGE] }, "https://app.example.evil"],
  ["another scheme", { allowedOrigins: [PAGE] }, "http://app.example"],
  ["another port", { allowedOrigins: [PAGE] }, `${PAGE}:8443`],
  ["a file or a sandbox", { allowedOrigins: [PAGE] }, "null"],
  ["any origin, where none is named", {}, PAGE],
])("a page of %s may neither call nor read", async (_what, options, origin) => {
  await using running = await startServer(options);
  const { url } = running.server;
  const refused = await preflight(url, origin);
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ Code: "UnsupportedHTTPMethod" });
  expect(corsHeaders(refused)).toEqual({});
  const answer = await fetch(`${url}${signedPath(running.owner, "ListKeys")}`, { method: "POST", headers: { origin } });
  expect(corsHeaders(answer)).toEqual({});
});

test("only operations are open to pages, and only as a preflight is OPTIONS answered", async () => {
  await using running = await startServer({ allowedOrigins: [PAGE] });
  const { url } = running.server;
  for (const path of ["/metrics", "/healthz", "/readyz"]) {
    expect(corsHeaders(await fetch(`${url}${path}`, { headers: { origin: PAGE } }))).toEqual({});
    expect((await preflight(url, PAGE, path)).status).toBe(404);
  }
  const plain = await fetch(url, { method: "OPTIONS", headers: { origin: PAGE } });
  expect(plain.status).toBe(403);
});

test.each([
  ["*"],
  ["null"],
  ["https://*.example"],
  [`${PAGE}/`],
  [`${PAGE}/path`],
  ["HTTPS://app.example"],
  ["app.example"],
  [5],
])("allowedOrigins refuses %j", async (origin) => {
  await using kms = await openKms();
  const refused = { code: "ERR_ARGUMENT", message: expect.stringContaining("allowedOrigins") };
  await expect(serve({ kms, allowedOrigins: [origin as string] })).rejects.toMatchObject(refused);
});

test("allowedOrigins is a list", async () => {
  await using kms = await openKms();
  await expect(serve({ kms, allowedOrigins: PAGE as never })).rejects.toThrow("a list of origins");
});
