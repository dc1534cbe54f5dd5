import { createHash, randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Kms } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { afterAll, expect, test } from "vitest";
import { rootKey } from "../../kms/open-kms.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { lookAt } from "../objects/token-objects.ts";

// The faulty token behaves here: it is SoftHSM, with its open sessions counted.
const counted = createFaultyToken("soak");
const tokens = { SoftHSM: counted.options, NSS: createNssToken() };
afterAll(() => counted.dispose());

const seconds = process.env.LANELOCK_LONG === "1" ? 60 : 2;
const callers = 200;

/** One thing that a caller does with the KMS, and whether it came out right. */
type Deed = () => Promise<boolean>;

/** Every operation of the level, each with keys of its own. RSA is left to a token that does it in a millisecond. */
async function deedsOf(kms: Kms, withRsa: boolean): Promise<Record<string, Deed>> {
  const create = async (request: Parameters<Kms["createKey"]>[0]) => {
    const { keyId } = (await kms.createKey({ ...request, protectionLevel: "HSM" })).keyMetadata;
    return { keyId, keyVersionId: (await kms.listKeyVersions({ keyId })).keyVersions[0]?.keyVersionId ?? "" };
  };
  const sealing = (keyId: string, choice: { algorithm?: "AES_CBC" | "AES_ECB" }): Deed => {
    return async () => {
      const plaintext = new Uint8Array(randomBytes(32));
      const context = choice.algorithm ? {} : { encryptionContext: { caller: plaintext.slice(0, 4).join() } };
      const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, ...choice, ...context });
      return Buffer.compare((await kms.decrypt({ ciphertextBlob, ...context })).plaintext, plaintext) === 0;
    };
  };
  const signing = (key: { keyId: string; keyVersionId: string }, algorithm: "ECDSA_SHA_256" | "RSA_PSS_SHA_256") => {
    return async () => {
      const digest = new Uint8Array(createHash("sha256").update(randomBytes(8)).digest());
      const { value } = await kms.asymmetricSign({ ...key, algorithm, digest });
      return (await kms.asymmetricVerify({ ...key, algorithm, digest, value })).value;
    };
  };
  const opening = (key: { keyId: string; keyVersionId: string }): Deed => {
    return async () => {
      const plaintext = new Uint8Array(randomBytes(20));
      const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...key, plaintext });
      return Buffer.compare((await kms.asymmetricDecrypt({ ...key, ciphertextBlob })).plaintext, plaintext) === 0;
    };
  };
  const { keyId } = await create({});
  const deeds: Record<string, Deed> = {
    GCM: sealing(keyId, {}),
    CBC: sealing(keyId, { algorithm: "AES_CBC" }),
    ECB: sealing(keyId, { algorithm: "AES_ECB" }),
    SM4: sealing((await create({ keySpec: "Aliyun_SM4" })).keyId, {}),
    ECDSA: signing(await create({ keySpec: "EC_P256", keyUsage: "SIGN/VERIFY" }), "ECDSA_SHA_256"),
    ECIES: opening(await create({ keySpec: "EC_P256", keyUsage: "ENCRYPT/DECRYPT" })),
  };
  if (!withRsa) return deeds;
  return {
    ...deeds,
    OAEP: opening(await create({ keySpec: "RSA_2048", keyUsage: "ENCRYPT/DECRYPT" })),
    PSS: signing(await create({ keySpec: "RSA_2048", keyUsage: "SIGN/VERIFY" }), "RSA_PSS_SHA_256"),
  };
}

const openFiles = () => (process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0);

test.each(["SoftHSM", "NSS"] as const)(
  `%s: ${callers} callers of a KMS on 4 sessions for ${seconds} s: no error, no mismatch, nothing left over`,
  async (name) => {
    const hsm = pkcs11({ ...tokens[name], sessions: { max: 4 } });
    const kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, hsm });
    const deeds = Object.entries(await deedsOf(kms, name === "SoftHSM"));
    for (const [, deed] of deeds) await deed();
    const look = lookAt(tokens[name]);
    const [objects, files] = [look.labels(), openFiles()];

    const done = new Map<string, number>();
    const wrong: unknown[] = [];
    let [running, most] = [true, 0];
    const work = Array.from({ length: callers }, async (_, caller) => {
      for (let round = caller; running; round += 1) {
        const [deedName, deed] = deeds[round % deeds.length] ?? ["", async () => false];
        const right = await deed().catch((error: unknown) => error);
        if (right === true) done.set(deedName, (done.get(deedName) ?? 0) + 1);
        else wrong.push(right);
      }
    });
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      await sleep(50);
      most = Math.max(most, counted.get("openSessions"));
    }
    running = false;
    await Promise.all(work);

    console.log(`${name}, ${callers} callers, 4 sessions, ${seconds} s:`, Object.fromEntries(done));
    expect(wrong).toEqual([]);
    for (const [deedName] of deeds) expect(done.get(deedName), deedName).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(4);
    // Of derived keys and the public halves of pairs nothing stays, not even for the session.
    expect(look.labels()).toEqual(objects);
    expect(openFiles()).toBeLessThanOrEqual(files);
    await kms.close();
    expect(counted.get("openSessions")).toBe(0);
  },
);
