import { rewrapStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, expect, test, vi } from "vitest";
import { createKeyId, openKms, rootKey } from "../open-kms.ts";

/** Every key derived from a root secret, as HKDF handed it out; what it does is noble's own. */
const derived = vi.hoisted(() => [] as { readonly info: string; readonly key: Uint8Array }[]);
vi.mock("@noble/hashes/hkdf.js", async (original) => {
  const hkdf = await original<typeof import("@noble/hashes/hkdf.js")>();
  const noted = (info: string, key: Uint8Array) => {
    derived.push({ info, key });
    return key;
  };
  return {
    ...hkdf,
    extract: (...args: Parameters<typeof hkdf.extract>) => noted("extract", hkdf.extract(...args)),
    expand: (...args: Parameters<typeof hkdf.expand>) =>
      noted(new TextDecoder().decode(args[2] as Uint8Array), hkdf.expand(...args)),
  };
});
beforeEach(() => derived.splice(0));

/** What the check of a root key compares is in the store for all to see. */
const secrets = () => derived.filter(({ info }) => !/root-check( 2)?$/.test(info));
const unwiped = () => secrets().filter(({ key }) => key.some((byte) => byte !== 0));
const wrong = new Uint8Array(32).fill(7);

test("a root key that is not the store's leaves nothing derived from it in memory", async () => {
  const store = memoryStore();
  const kms = await openKms({ store });
  await createKeyId(kms);
  await kms.close();
  derived.splice(0);
  await expect(openKms({ store, rootKey: wrong })).rejects.toMatchObject({ code: "ERR_KEY" });
  expect(secrets().length).toBeGreaterThan(4);
  expect(unwiped()).toEqual([]);
});

test("nor do an open that fails later, a close, and a change of the root key", async () => {
  const store = memoryStore();
  await expect(openKms({ store, audit: "/no/such/directory/audit.jsonl" })).rejects.toMatchObject({
    code: "ERR_AUDIT",
  });
  expect(unwiped()).toEqual([]);
  const kms = await openKms({ store });
  await kms.encrypt({ keyId: await createKeyId(kms), plaintext: new Uint8Array(8) });
  expect(unwiped().length).toBeGreaterThan(0);
  await kms.close();
  expect(unwiped()).toEqual([]);
  await rewrapStore({ store, rootKey, newRootKey: wrong });
  expect(unwiped()).toEqual([]);
  await (await openKms({ store, rootKey: wrong })).close();
  expect(unwiped()).toEqual([]);
});
