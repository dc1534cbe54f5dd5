import { join } from "node:path";
import type { KeyStore } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { openKms } from "../open-kms.ts";

const folder = scratchFolder("journal-length");

/** A store that counts how often the MACs of a whole table are read. */
function counted(store: KeyStore, counts: { scans: number }): KeyStore {
  return new Proxy(store, {
    get(target, name) {
      if (name !== "read") {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      const read: KeyStore["read"] = (work) =>
        target.read((rows) =>
          work(
            new Proxy(rows, {
              get(inner, method) {
                if (method === "seals") counts.scans++;
                const value: unknown = Reflect.get(inner, method, inner);
                return typeof value === "function" ? value.bind(inner) : value;
              },
            }),
          ),
        );
      return read;
    },
  });
}

test("a process that missed 126 changed rows catches up without reading every row, and one that missed more reads them", async () => {
  const path = join(folder, "keys.db");
  const counts = { scans: 0 };
  await using writer = await openKms({ store: sqlStore({ path }), audit: false });
  const { keyId } = (await writer.createKey({})).keyMetadata;
  await using reader = await openKms({ store: counted(sqlStore({ path }), counts), audit: false });
  await reader.listKeys({});
  counts.scans = 0;

  // Each new key is three rows.
  for (let i = 0; i < 42; i++) await writer.createKey({});
  expect((await reader.listKeys({ pageSize: 100 })).totalCount).toBe(43);
  expect(counts.scans).toBe(0);

  for (let i = 0; i < 45; i++) await writer.createKey({});
  await writer.disableKey({ keyId });
  expect((await reader.listKeys({ pageSize: 100 })).totalCount).toBe(88);
  expect((await reader.describeKey({ keyId })).keyMetadata.keyState).toBe("Disabled");
  expect(counts.scans).toBeGreaterThan(0);
});
