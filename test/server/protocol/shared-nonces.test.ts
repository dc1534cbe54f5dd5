import { expect, test } from "vitest";
import { NonceWindow } from "../../../src/server/protocol/nonce-window.ts";
import { SharedNonces } from "../../../src/server/protocol/shared-nonces.ts";

const now = Date.now();
const nonce = (replayId: string) => ({ accessKeyId: "a", replayId, timestamp: now });

test("nonces that come in one turn of the event loop go to the store together", async () => {
  const batches: number[] = [];
  const nonces = new SharedNonces(new NonceWindow(), async (entries) => {
    batches.push(entries.length);
    return entries.map(() => true);
  });
  // As requests come: each claim runs with its promises before the next socket is read.
  const verdicts: unknown[] = [];
  for (let index = 0; index < 20; index++) {
    verdicts.push(nonces.claim(nonce(`${index}`), now));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
  expect(await Promise.all(verdicts)).toEqual(Array.from({ length: 20 }, () => "new"));
  expect(batches).toEqual([20]);
});

test("a store that fails refuses its batch and takes the next", async () => {
  let fails = true;
  const nonces = new SharedNonces(new NonceWindow(), async (entries) => {
    if (fails) throw new Error("the store is away");
    return entries.map(() => true);
  });
  await expect(Promise.all([nonces.claim(nonce("1"), now), nonces.claim(nonce("2"), now)])).rejects.toThrow("away");
  fails = false;
  expect(await nonces.claim(nonce("3"), now)).toBe("new");
});
