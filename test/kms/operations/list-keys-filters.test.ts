import type { KeyStore, ListKeysFilter } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";
import { createKeyId, openKms, TestClock } from "../open-kms.ts";

/** A store that refuses NUL, lone surrogates and empty lists, as PostgreSQL does. */
function strict(): { readonly store: KeyStore; readonly asked: readonly string[][] } {
  const store = memoryStore();
  const asked: string[][] = [];
  const read = store.read.bind(store);
  store.read = (work) =>
    read((rows) => {
      const keys = rows.keys.bind(rows);
      rows.keys = (page, filters = []) => {
        for (const { values } of filters) {
          if (values.length === 0) throw new Error("syntax error at or near )");
          if (values.some((value) => value.includes("\0") || /\p{Surrogate}/u.test(value))) {
            throw new Error("invalid byte sequence for encoding UTF8");
          }
          asked.push([...values]);
        }
        return keys(page, filters);
      };
      return work(rows);
    });
  return { store, asked };
}

test("values that no column can hold match nothing, and do not reach the store", async () => {
  const { store, asked } = strict();
  await using kms = await openKms({ store });
  const keyId = await createKeyId(kms);
  const listed = async (...filters: ListKeysFilter[]) => (await kms.listKeys({ filters })).keys.map((key) => key.keyId);
  for (const values of [[], ["a\0b"], ["\ud800"], ["\udc00", "\0"]]) {
    expect(await listed({ key: "AliasName", values })).toEqual([]);
    expect(await listed({ key: "KeyId", values: [keyId] }, { key: "Creator", values })).toEqual([]);
  }
  expect(asked).toEqual([]);
  expect(
    await listed({ key: "KeyId", values: [keyId, "a\0b", "\ud800"] }, { key: "KeyId", values: ["other"] }),
  ).toEqual([keyId]);
  expect(asked).toEqual([[keyId, "other"]]);
});

test("a key whose deletion is due is not listed, although it cannot be carried out now", async () => {
  const [hsm, time] = [new NodeCryptoProvider(), new TestClock()];
  await using kms = await openKms({ hsm, clock: time.clock });
  const own = await createKeyId(kms);
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
  const listed = async () => (await kms.listKeys()).keys.map((key) => key.keyId).sort();
  expect(await listed()).toEqual([own, keyId].sort());
  hsm.broken = true;
  time.advance({ days: 7 });
  expect(await listed()).toEqual([own]);
});
