import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { engine } from "../../src/engine/load.ts";
import { slotsInUse } from "../../src/engine/slots.ts";
import { aeads, blockModes } from "../reference/ciphers.ts";
import { slots } from "./wiping.ts";

// Objects that are dropped without dispose() are wiped when the collector finds them. That may be late; `dispose()` is not.

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** Makes keys and streams and keeps none of them. */
function dropAll(): void {
  const nonce = new Uint8Array(16);
  for (const { create, keyLength } of [...aeads, ...blockModes]) {
    const cipher = create(new Uint8Array(keyLength).fill(1));
    if ("sealStream" in cipher) cipher.sealStream(nonce).update(nonce);
    else cipher.encrypt(nonce, nonce);
  }
}

test("keys and streams that are dropped are wiped once they are collected", async () => {
  if (typeof collect !== "function") throw new Error("This Node does not expose its collector");
  dropAll();
  expect(slotsInUse().length).toBe(2 * aeads.length + blockModes.length);
  const places = slots();
  const deadline = Date.now() + 60_000;
  while (slotsInUse().length > 0 && Date.now() < deadline) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(slotsInUse().length).toBe(0);
  for (const [from, to] of places)
    expect(
      engine()
        .bytes.slice(from, to)
        .every((byte) => byte === 0),
    ).toBe(true);
});

test("memory does not grow in a loop that drops its keys and lets the event loop turn", {
  timeout: 120_000,
}, async () => {
  if (typeof collect !== "function") throw new Error("This Node does not expose its collector");
  const key = new Uint8Array(16).fill(1);
  const most = 2000;
  let peak = 0;
  for (let made = 0; made < 40_000; made += 1) {
    aeads[0]!.create(key);
    if (made % most !== 0) continue;
    collect();
    await new Promise((resolve) => setTimeout(resolve, 1));
    peak = Math.max(peak, slotsInUse().length);
  }
  // The keys of a few rounds, as finalizers run a little later.
  expect(peak).toBeLessThanOrEqual(5 * most);
});
