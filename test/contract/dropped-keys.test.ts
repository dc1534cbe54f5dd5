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
