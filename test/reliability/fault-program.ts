import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Kms, type KmsOptions } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";

/** Programs that meet trouble and tell, a JSON line each, what they saw of it: `program SCENARIO DIRECTORY …`. */
const [scenario = "", directory = "", ...rest] = process.argv.slice(2);
const tell = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);
const plaintext = new Uint8Array(8);
const rootKey = Uint8Array.from({ length: 32 }, (_, i) => i);

const open = (options: Partial<KmsOptions> = {}) =>
  Kms.open({
    store: sqlStore({ path: join(directory, "keys.db") }),
    rootKey,
    sweepSeconds: false,
    audit: false,
    ...options,
  });

function failure(error: unknown): { code: unknown; message: string } {
  return error instanceof Error && "code" in error
    ? { code: error.code, message: error.message }
    : { code: "?", message: String(error) };
}

async function fullDisk(): Promise<void> {
  const reserve = join(directory, "reserve");
  writeFileSync(reserve, Buffer.alloc(200_000));
  await using kms = await open();
  const blobs: Uint8Array[] = [];
  for (;;) {
    try {
      const { keyMetadata } = await kms.createKey({ description: "d".repeat(4_000) });
      blobs.push((await kms.encrypt({ keyId: keyMetadata.keyId, plaintext })).ciphertextBlob);
    } catch (error) {
      tell({ ...failure(error), created: blobs.length });
      break;
    }
  }
  rmSync(reserve);
  const before = (await kms.listKeys()).totalCount;
  // A key whose first encryption found the disk full was created; it is one more than there are blobs.
  if (before === blobs.length) await kms.createKey({});
  let decrypted = 0;
  for (const ciphertextBlob of blobs) {
    await kms.decrypt({ ciphertextBlob });
    decrypted++;
  }
  tell({ listed: (await kms.listKeys()).totalCount, decrypted });
}

/** Two processes' openings of a store; the first finds the disk full, and then space again. */
async function fullNonces(): Promise<void> {
  const stores = [0, 1].map(() => sqlStore({ path: join(directory, "keys.db") }));
  for (const store of stores) await store.open();
  const [one, two] = stores;
  const ids = (count: number) =>
    Array.from({ length: count }, () => ({ id: randomBytes(16), until: Date.now() + 600_000 }));
  for (const store of stores) await store.remember?.(ids(1));
  const rest = join(directory, "rest");
  try {
    writeFileSync(rest, Buffer.alloc(4_000_000));
  } catch {
    // The disk is full now.
  }
  tell(await one?.remember?.(ids(1_000)).then(() => ({ code: "none" }), failure));
  rmSync(rest);
  const taken = ids(1);
  tell({ two: await two?.remember?.(taken), one: await one?.remember?.(taken) });
  for (const store of stores) await store.close();
}

async function readOnly(blob = "", keyId = ""): Promise<void> {
  try {
    await using kms = await open();
    await kms.decrypt({ ciphertextBlob: Buffer.from(blob, "base64") });
    await kms.disableKey({ keyId });
    tell({ code: "none" });
  } catch (error) {
    tell(failure(error));
  }
}

const SCENARIOS: Readonly<Record<string, (...rest: string[]) => Promise<void>>> = {
  "full-disk": fullDisk,
  "full-nonces": fullNonces,
  "read-only": readOnly,
};
await SCENARIOS[scenario]?.(...rest);
