import { bindingOf, objectRow } from "../../../src/kms/keys/key-object-rows.ts";
import type { KeyRow, KeyStore } from "../../../src/kms/ports/index.ts";
import { builtIn } from "../../../src/kms/service/built-in.ts";
import { openCore } from "../../../src/kms/service/open.ts";
import { checkedOptions } from "../../../src/kms/service/options.ts";
import { newKeyId, newVersionId } from "../../../src/kms/wire/ids.ts";

const CHUNK = 5_000;

/**
 * Adds keys like one that is there, through the KMS's own rows: real material, MACs and state, but 5,000 keys a transaction. createKey
 * would write each in a transaction of its own.
 */
export async function fill(store: KeyStore, rootKey: Uint8Array, like: string, count: number): Promise<void> {
  const { core, close } = await openCore(
    checkedOptions({ store, rootKey, sweepSeconds: false, audit: false }),
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
