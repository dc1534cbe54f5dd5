import { createCipheriv, createDecipheriv, createHash, createSecretKey, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import type { Bar, Case } from "../case.ts";
import { OWN } from "../sizes.ts";
import type { Suite } from "../suite.ts";

const NODE = "node:crypto";
/** A call through the KMS takes at most 2.5 times as long as the bare cipher. */
const BARS: readonly Bar[] = [{ against: NODE, atLeast: 1 / 2.5 }];
const BYTES = 32;
const MANY_KEYS = 10_000;

const rootKey = randomBytes(32);
const plaintext = new Uint8Array(randomBytes(BYTES));
const encryptionContext = { table: "orders", tenant: "42" };

/** The bare cipher: AES-256-GCM with a KeyObject, an IV and AAD at hand, nothing assembled. */
function bareCipher() {
  const key = createSecretKey(randomBytes(32));
  const iv = randomBytes(12);
  const aad = createHash("sha256").update("table=orders&tenant=42").digest();
  const seal = () => {
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    cipher.setAAD(aad);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    return { ciphertext, tag: cipher.getAuthTag() };
  };
  const sealed = seal();
  const open = () => {
    const decipher = createDecipheriv("aes-256-gcm", key, iv);
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.tag);
    const opened = decipher.update(sealed.ciphertext);
    decipher.final();
    return opened;
  };
  return { seal: { name: NODE, run: () => seal().ciphertext }, open: { name: NODE, run: open } };
}

/** One warm key; `label` says what else there is. */
async function warmCases(kms: Kms, label: string): Promise<Case[]> {
  const { keyId } = (await kms.createKey({})).keyMetadata;
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
  const bare = bareCipher();
  const common = { bytes: BYTES, bars: BARS, sameOutput: false as const };
  let tenant = 0;
  const encrypt = async (context: Readonly<Record<string, string>>) =>
    (await kms.encrypt({ keyId, plaintext, encryptionContext: context })).ciphertextBlob;
  return [
    {
      ...common,
      name: `kms.encrypt 32 B, ${label}`,
      contenders: [{ name: OWN, run: () => encrypt(encryptionContext) }, bare.seal],
    },
    {
      ...common,
      name: `kms.decrypt 32 B, ${label}`,
      contenders: [
        { name: OWN, run: async () => (await kms.decrypt({ ciphertextBlob, encryptionContext })).plaintext },
        bare.open,
      ],
    },
    {
      ...common,
      // Reported without a bar: an audit log that names contexts makes two hashes for each new one.
      bars: [],
      name: `kms.encrypt 32 B, another context each time, ${label}`,
      contenders: [{ name: OWN, run: () => encrypt({ table: "orders", tenant: String(tenant++) }) }, bare.seal],
    },
  ];
}

/** Encrypt and Decrypt through a KMS on SQLite with its audit log in a file, against the bare cipher. */
export async function kmsCases(): Promise<Suite> {
  const directory = mkdtempSync(join(tmpdir(), "lanelock-bench-"));
  const open = (name: string, audit?: false) =>
    Kms.open({ store: sqlStore({ path: join(directory, name) }), rootKey, audit, sweepSeconds: false });
  const filling = await open("many.db", false);
  for (let i = 0; i < MANY_KEYS; i++) await filling.createKey({});
  await filling.close();
  const [few, many] = [await open("few.db"), await open("many.db")];
  return {
    cases: [...(await warmCases(few, "one key")), ...(await warmCases(many, `${MANY_KEYS} keys`))],
    limits: [
      {
        name: `Kms.open on ${MANY_KEYS} keys`,
        unit: "ms",
        atMost: 300,
        measure: async () => {
          const start = performance.now();
          const opened = await open("many.db");
          const took = performance.now() - start;
          await opened.close();
          return took;
        },
      },
    ],
    close: async () => {
      await Promise.all([few.close(), many.close()]);
      rmSync(directory, { recursive: true });
    },
  };
}
