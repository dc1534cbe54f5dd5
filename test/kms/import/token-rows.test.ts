import { createHash } from "node:crypto";
import type { KeyStore } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import {
  CountedAttempt,
  destroyExpiredTokens,
  liveToken,
  tokenBinding,
} from "../../../src/kms/import/import-tokens.ts";
import type { ImportTokenRow, KeyRow } from "../../../src/kms/ports/index.ts";
import { type BareContext, bareContext } from "../bare-context.ts";

// The rows of import tokens, written here: what becomes of them does not depend on the RSA keys in them.

const DAY = 86_400_000;
const ID = "0123456789abcdefghijklmnopqrstuvwxyz";
const LIVE = {
  ...{ tokenId: ID, keyId: "key-a", wrappingKeySpec: "RSA_2048", wrappingAlgorithm: "RSAES_PKCS1_V1_5" },
  ...{ handle: Uint8Array.of(1), publicKey: Uint8Array.of(2), expiresAt: DAY, failures: 0 },
};
const invalid = { code: "InvalidImportToken" };

let store: KeyStore;
let bare: BareContext;
let now: number;
let scrubs: number;
beforeEach(async () => {
  store = memoryStore();
  now = 5_000;
  scrubs = 0;
  const scrub = store.scrub.bind(store);
  store.scrub = () => {
    scrubs++;
    return scrub();
  };
  bare = await bareContext(store, { clock: () => new Date(now) });
});

const put = (changes: Partial<typeof LIVE> = {}) =>
  bare.core.rows.write((rows) => rows.putImportToken({ ...LIVE, ...changes }));
const rowOf = (tokenId = ID) => bare.core.read((rows) => rows.importToken(tokenId));
const dead = { handle: new Uint8Array(0), publicKey: new Uint8Array(0) };
const operations = () => bare.events.map(({ operation, caller, keyId }) => [operation, caller, keyId]);

describe("a token", () => {
  const token = (importToken: Uint8Array | string = ID, keyId = "key-a") => {
    const bytes = typeof importToken === "string" ? Uint8Array.from(Buffer.from(importToken)) : importToken;
    return bare.core.read((rows) => liveToken(rows, { importToken: bytes, key: { keyId } as KeyRow, now }));
  };

  test("is that of its key, by its 36 characters", async () => {
    await put();
    expect(await token()).toMatchObject(LIVE);
    await expect(token(ID, "key-b")).rejects.toMatchObject(invalid);
    for (const other of ["", ID.slice(1), `${ID}a`, ID.replace("0", "1"), ID.toUpperCase(), new Uint8Array(36)]) {
      await expect(token(other)).rejects.toMatchObject(invalid);
    }
  });

  test("lives until its time, and then says so", async () => {
    await put();
    now = DAY - 1;
    await token();
    now = DAY;
    await expect(token()).rejects.toMatchObject({ code: "ExpiredImportToken" });
    await put(dead);
    await expect(token()).rejects.toMatchObject({ code: "ExpiredImportToken" });
    await expect(token(ID, "key-b")).rejects.toMatchObject(invalid);
  });

  test("that was used up is not valid", async () => {
    await put(dead);
    await expect(token()).rejects.toMatchObject(invalid);
  });
});

describe("an attempt", () => {
  const attempt = async () => new CountedAttempt(bare.core, (await rowOf()) as ImportTokenRow);

  test("is counted for RSAES_PKCS1_V1_5 alone, whose padding is an oracle", () => {
    expect(CountedAttempt.isDue("RSAES_PKCS1_V1_5")).toBe(true);
    for (const other of ["RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256_AES_256_ECB_PKCS7_PAD"]) {
      expect(CountedAttempt.isDue(other)).toBe(false);
    }
  });

  test("counts as failed before it is made, and is taken back after a right one", async () => {
    await put({ failures: 3 });
    const made = await attempt();
    await made.begin();
    expect(await rowOf()).toMatchObject({ ...LIVE, failures: 4 });
    await made.takeBack();
    expect(await rowOf()).toMatchObject({ ...LIVE, failures: 3 });
    expect(operations()).toEqual([
      ["CountImportAttempt", "system", "key-a"],
      ["UncountImportAttempt", "system", "key-a"],
    ]);
    expect(scrubs).toBe(0);
  });

  test("is never counted below none", async () => {
    await put();
    await (await attempt()).takeBack();
    expect(await rowOf()).toMatchObject({ failures: 0 });
  });

  test("that fails ends the token if it was the fifth", async () => {
    await put({ failures: 4 });
    const made = await attempt();
    await made.fail();
    expect(await rowOf()).toMatchObject({ failures: 4, handle: LIVE.handle });
    await made.begin();
    expect(scrubs).toBe(0);
    await made.fail();
    expect(await rowOf()).toMatchObject({ failures: 5, ...dead });
    expect(scrubs).toBe(1);
    expect(operations().at(-1)).toEqual(["FailImportAttempt", "system", "key-a"]);
  });

  test("is not allowed after five that count, and the token ends", async () => {
    await put({ failures: 5 });
    await expect((await attempt()).begin()).rejects.toMatchObject(invalid);
    expect(await rowOf()).toMatchObject({ failures: 5, ...dead });
    expect(scrubs).toBe(1);
  });

  test("on a token that is dead or gone changes nothing", async () => {
    await put({ ...dead, failures: 2 });
    const made = await attempt();
    await expect(made.begin()).rejects.toMatchObject(invalid);
    await made.fail();
    await made.takeBack();
    expect(await rowOf()).toMatchObject({ ...dead, failures: 2 });
    await bare.core.rows.write((rows) => rows.deleteImportToken(ID));
    await expect(made.begin()).rejects.toMatchObject(invalid);
    await made.takeBack();
    expect(await rowOf()).toBeUndefined();
  });
});

test("the wrapping key of a token opens for that token of that key alone", () => {
  const { keys } = bare.core;
  const secret = Uint8Array.of(1, 2, 3);
  const wrapped = keys.wrap(tokenBinding("key-a", ID), secret);
  expect(keys.unwrap(tokenBinding("key-a", ID), wrapped)).toEqual(secret);
  const damaged = expect.objectContaining({ code: "ERR_INTEGRITY" });
  expect(() => keys.unwrap(tokenBinding("key-b", ID), wrapped)).toThrow(damaged);
  expect(() => keys.unwrap(tokenBinding("key-a", ID.replace("0", "1")), wrapped)).toThrow(damaged);
  expect(() => keys.unwrap({ ...tokenBinding("key-a", ID), purpose: "key" }, wrapped)).toThrow(damaged);
});

describe("the sweep", () => {
  const idOf = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 36);
  const TOKENS = {
    live: { expiresAt: 31 * DAY + 1 },
    expired: { expiresAt: 31 * DAY },
    dead: { expiresAt: 31 * DAY, ...dead },
    old: { expiresAt: DAY, ...dead },
    oldAlive: { expiresAt: DAY },
    nearlyOld: { expiresAt: DAY + 1, ...dead },
  };

  test("destroys the keys of expired tokens, and forgets a token after 30 days", async () => {
    for (const [name, changes] of Object.entries(TOKENS)) await put({ ...changes, tokenId: idOf(name) });
    now = 31 * DAY;
    expect(await destroyExpiredTokens(bare.core)).toBe(2);
    const left: Record<string, boolean | undefined> = {};
    for (const name of Object.keys(TOKENS)) {
      const row = await rowOf(idOf(name));
      left[name] = row && row.handle.length + row.publicKey.length > 0;
    }
    expect(left).toEqual({
      ...{ live: true, expired: false, dead: false, old: undefined, oldAlive: undefined, nearlyOld: false },
    });
    expect(bare.events).toEqual([
      expect.objectContaining({ operation: "ExpireImportTokens", caller: "system", note: "2 wrapping keys destroyed" }),
    ]);
    expect(scrubs).toBe(1);
  });

  test("does nothing where nothing is due", async () => {
    await put({ ...dead, expiresAt: now });
    await put({ tokenId: idOf("live"), expiresAt: now + 1 });
    expect(await destroyExpiredTokens(bare.core)).toBe(0);
    expect([bare.events, scrubs]).toEqual([[], 0]);
  });
});
