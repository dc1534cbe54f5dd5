import { createHmac, hkdfSync } from "node:crypto";
import type { KeyBinding } from "lanelock/kms";
import { afterEach, describe, expect, test } from "vitest";
import { StoreKeys } from "../../../src/kms/root/store-keys.ts";
import { materialCipher } from "../../../src/providers/software/index.ts";
import { arraysMade, holding } from "../arrays-made.ts";

// Every key of a store, as node:crypto derives it from the root secret.

const STORE = "store-1";
const secret = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const other = new Uint8Array(32).fill(9);

/** `(u32be length ‖ bytes)*` */
function prefixed(...fields: (string | number | Uint8Array)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const bytes = typeof field === "object" ? Buffer.from(field) : Buffer.from(String(field));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}
const derive = (purpose: string, root = secret, names = ["", ""]) =>
  Buffer.from(hkdfSync("sha256", root, prefixed("lanelock store", STORE), prefixed(STORE, ...names, purpose), 32));
const hmac = (key: Uint8Array, data: Uint8Array) => new Uint8Array(createHmac("sha256", key).update(data).digest());

const opened: StoreKeys[] = [];
afterEach(() => {
  for (const keys of opened.splice(0)) keys.dispose();
});
function storeKeys(root = secret): StoreKeys {
  const keys = new StoreKeys(STORE, root, materialCipher);
  opened.push(keys);
  return keys;
}

const data = new TextEncoder().encode("what is authenticated");
const CHAINS = ["0".repeat(36), "1".repeat(36), "2".repeat(36)] as const;
const carried = (versionId = ""): KeyBinding => ({
  ...{ purpose: "carried", keyId: "", versionId, keySpec: "Aliyun_AES_256", keyUsage: "ENCRYPT/DECRYPT" },
  ...{ origin: "Aliyun_KMS", protectionLevel: "SOFTWARE", mode: "NONE" },
});
const damaged = expect.objectContaining({
  code: "ERR_INTEGRITY",
  message: expect.stringContaining("store's own keys"),
});

test("rows, audit chains, fingerprints, contexts and checks have keys of their own", () => {
  const keys = storeKeys();
  expect(keys.mac("key", ["a", 5, data])).toEqual(hmac(derive("row 2"), prefixed("key", "a", 5, data)));
  expect(Buffer.from(keys.auditKey(CHAINS[0]))).toEqual(derive("audit"));
  for (const purpose of ["fingerprint", "context-digest"] as const) {
    for (let times = 0; times < 2; times++) {
      expect(keys.keyedDigest(purpose, data)).toEqual(hmac(derive(purpose), data));
    }
  }
  expect(Buffer.from(keys.rootCheck())).toEqual(derive("root-check 2"));
  expect(Buffer.from(keys.firstFormatRootCheck())).toEqual(derive("root-check"));
});

describe("after a change of the root key", () => {
  test("fingerprints are made with the key that was carried on", () => {
    const [old, next] = [storeKeys(), storeKeys(other)];
    next.adoptCarried(old.carryTo(next));
    expect(next.keyedDigest("fingerprint", data)).toEqual(hmac(derive("fingerprint"), data));
    expect(next.keyedDigest("context-digest", data)).toEqual(hmac(derive("context-digest", other), data));
  });

  test("chains that were closed keep their keys, also after another change", () => {
    const [old, next, last] = [storeKeys(), storeKeys(other), storeKeys(new Uint8Array(32).fill(3))];
    next.adoptClosedChains(old.closeChains(next, CHAINS.slice(0, 2)));
    expect(CHAINS.map((id) => next.isClosedChain(id))).toEqual([true, true, false]);
    expect(CHAINS.map((id) => Buffer.from(next.auditKey(id)).equals(derive("audit")))).toEqual([true, true, false]);
    last.adoptClosedChains(next.closeChains(last, [CHAINS[2]]));
    expect(CHAINS.map((id) => last.isClosedChain(id))).toEqual([true, true, true]);
    const audits = CHAINS.map((id) => Buffer.from(last.auditKey(id)));
    expect(audits).toEqual([derive("audit"), derive("audit"), derive("audit", other)]);
    expect([old.isClosedChain(CHAINS[0]), next.isClosedChain("")]).toEqual([false, false]);
  });

  test("neither is taken from another place, nor from another root key", () => {
    const [old, next] = [storeKeys(), storeKeys(other)];
    expect(() => next.adoptClosedChains(old.carryTo(next))).toThrow(damaged);
    expect(() => next.adoptCarried(old.closeChains(next, CHAINS))).toThrow(damaged);
    expect(() => next.adoptCarried(old.carryTo(old))).toThrow(damaged);
  });

  test("what was unwrapped on the way is wiped", async () => {
    const [old, next] = [storeKeys(), storeKeys(other)];
    const [fingerprint, chains] = [old.carryTo(next), old.closeChains(next, CHAINS)];
    const { arrays } = await arraysMade(async () => {
      next.adoptCarried(fingerprint);
      next.adoptClosedChains(chains);
      old.closeChains(next, CHAINS);
    });
    for (const key of [derive("fingerprint"), derive("audit")]) expect(holding(arrays, key, [])).toEqual([]);
  });
});

describe("a store of the first format", () => {
  const [audit, fingerprint] = [new Uint8Array(32).fill(4), new Uint8Array(32).fill(5)];
  const wrapped = (keys: StoreKeys, length = 96) =>
    keys.wrap(carried(), new Uint8Array([...audit, ...fingerprint, ...new Uint8Array(64)]).subarray(0, length));

  test("has row MACs under a key of its own, and anchors under that of the audit chains", () => {
    const keys = storeKeys();
    const macs = keys.firstFormatMacs();
    expect(macs.mac("key", ["a"])).toEqual(hmac(derive("row"), prefixed("key", "a")));
    expect(macs.mac("anchor", ["a"])).toEqual(hmac(derive("audit"), prefixed("anchor", "a")));
    keys.adoptFirstFormat(wrapped(keys), []);
    expect(keys.firstFormatMacs().mac("anchor", ["a"])).toEqual(hmac(audit, prefixed("anchor", "a")));
    expect(keys.firstFormatMacs().mac("key", ["a"])).toEqual(hmac(derive("row"), prefixed("key", "a")));
  });

  test("has its MACs' keys wiped with them", () => {
    const macs = storeKeys().firstFormatMacs();
    macs.dispose();
    for (const table of ["key", "anchor"]) {
      // Of a key that was wiped, padding and all, nothing is left but zeros.
      expect(macs.mac(table, ["a"])).not.toEqual(hmac(derive(table === "key" ? "row" : "audit"), prefixed(table, "a")));
    }
  });

  test("goes on with its fingerprints, and its chains are closed", () => {
    const keys = storeKeys();
    keys.adoptFirstFormat(wrapped(keys), CHAINS.slice(0, 2));
    expect(keys.keyedDigest("fingerprint", data)).toEqual(hmac(fingerprint, data));
    expect(keys.keyedDigest("context-digest", data)).toEqual(hmac(derive("context-digest"), data));
    expect(CHAINS.map((id) => keys.isClosedChain(id))).toEqual([true, true, false]);
    const audits = CHAINS.map((id) => Buffer.from(keys.auditKey(id)));
    expect(audits).toEqual([Buffer.from(audit), Buffer.from(audit), derive("audit")]);
    keys.dispose();
    for (const array of audits.slice(0, 2)) expect(array).toEqual(Buffer.from(audit));
  });

  test("whose carried keys have another length is damaged", () => {
    for (const length of [0, 32, 64, 95, 128]) {
      const keys = storeKeys();
      expect(() => keys.adoptFirstFormat(wrapped(keys, length), CHAINS)).toThrow(damaged);
      expect(keys.isClosedChain(CHAINS[0])).toBe(false);
      expect(keys.keyedDigest("fingerprint", data)).toEqual(hmac(derive("fingerprint"), data));
    }
  });

  test("leaves nothing of its keys once the KMS is closed", async () => {
    const keys = storeKeys();
    const own = wrapped(keys);
    const { arrays } = await arraysMade(async () => {
      keys.adoptFirstFormat(own, CHAINS);
      keys.keyedDigest("fingerprint", data);
      keys.dispose();
    });
    for (const key of [audit, fingerprint]) expect(holding(arrays, key, [])).toEqual([]);
  });
});

test("once closed, no digest and no audit key is made", () => {
  const keys = storeKeys();
  keys.keyedDigest("fingerprint", data);
  keys.dispose();
  const closed = expect.objectContaining({ code: "ERR_STATE" });
  expect(() => keys.keyedDigest("fingerprint", data)).toThrow(closed);
  expect(() => keys.auditKey(CHAINS[0])).toThrow(closed);
});
