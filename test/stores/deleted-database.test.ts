import { rmSync } from "node:fs";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { expect, test } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";

test("a KMS whose database is deleted under it does nothing any more, not even with keys that it has in memory", async () => {
  const path = join(scratchFolder("deleted"), "keys.db");
  const kms = await Kms.open({ store: sqlStore({ path }), rootKey: new Uint8Array(32).fill(1), audit: false });
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const plaintext = new Uint8Array(8);
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  rmSync(path);
  // The time after which a key that is known is looked up again, four times.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const refused = { code: "ERR_STORE", message: expect.stringContaining("deleted or moved while it was open") };
  await expect(kms.encrypt({ keyId, plaintext })).rejects.toMatchObject(refused);
  await expect(kms.decrypt({ ciphertextBlob })).rejects.toMatchObject(refused);
  await expect(kms.createKey({})).rejects.toMatchObject(refused);
  await kms.close().catch(() => undefined);
});
