import { bindingOf, objectRow } from "../../../src/kms/keys/key-object-rows.ts";
import type { KeyRow } from "../../../src/kms/ports/index.ts";
import { builtIn } from "../../../src/kms/service/built-in.ts";
import { openCore } from "../../../src/kms/service/open.ts";
import { checkedOptions } from "../../../src/kms/service/options.ts";
import { newKeyId, newVersionId } from "../../../src/kms/wire/ids.ts";
import { sqlStore } from "../../../src/stores/index.ts";
import { bulkStore } from "./bulk-rows.ts";
import { type Place, rootKey } from "./worker.ts";

const CHUNK = 20_000;

/**
 * Adds keys like one that is there, through the KMS's own rows: real material, MACs and state, but 20,000 keys a transaction. createKey
 * would write each in a transaction of its own.
 */
export async function fill(place: Place, like: string, count: number): Promise<void> {
  await using bulk = await bulkStore(sqlStore(place), place);
  const { core, close } = await openCore(
    checkedOptions({ store: bulk.store, rootKey: rootKey(), sweepSeconds: false, audit: false }),
    builtIn,
  );
  try {
    const { mac: _, ...template } = (await core.rows.read((rows) => rows.key(like))) as KeyRow;
    const provider = core.provider("SOFTWARE");
    for (let done = 0; done < count; done += CHUNK) {
      await core.rows.write(async (rows) => {
        for (let i = done; i < Math.min(count, done + CHUNK); i++) {
          const keyId = newKeyId();
          const versionId = newVersionId(keyId);
          const row = { ...template, keyId, primaryVersionId: versionId, createdAt: template.createdAt + i };
          const created = await provider.createKey({ binding: bindingOf(row, versionId, "GCM"), signal: undefined });
          await rows.addKey(row);
          await rows.addVersion({ versionId, keyId, createdAt: row.createdAt, ordinal: 1 });
          await rows.addKeyObject(objectRow(versionId, "GCM", created));
        }
      });
    }
  } finally {
    await close();
  }
}
