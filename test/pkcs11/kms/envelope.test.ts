import { envelope, inspectHeader } from "lanelock/envelope";
import { Kms } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect, streamOf } from "../../envelope/collect.ts";
import { independentOpen } from "../../envelope/independent-format.ts";
import { rootKey } from "../../kms/open-kms.ts";
import { seeded } from "../../reference/seeded.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";

// Messages under CMKs of a token: SM4 CMKs wrap data keys for SM4, all others for AES.

const tokens = { SoftHSM: createSoftHsmToken("envelope"), NSS: createNssToken() };
const context = { table: "orders" };
const suites = [
  { keySpec: "Aliyun_SM4", suite: "SM4-GCM", id: 2 },
  { keySpec: "Aliyun_AES_256", suite: "AES-256-GCM", id: 1 },
] as const;

describe.each(["SoftHSM", "NSS"] as const)("%s", (name) => {
  let kms: Kms;
  beforeAll(async () => {
    kms = await Kms.open({ store: memoryStore(), rootKey, sweepSeconds: false, hsm: pkcs11(tokens[name]) });
  });
  afterAll(() => kms.close());

  const createKey = async (keySpec: (typeof suites)[number]["keySpec"]) =>
    (await kms.createKey({ keySpec, protectionLevel: "HSM" })).keyMetadata.keyId;

  describe.each(suites)("$keySpec", ({ keySpec, suite, id }) => {
    test("seals in its suite, whole and as a stream, and others can read it", async () => {
      const keyId = await createKey(keySpec);
      const plaintext = seeded(`${name} ${keySpec}`).bytes(1_500_000);
      await using files = envelope(kms, { keyId, encryptionContext: context, workers: 2 });
      const streamed = await collect(streamOf([plaintext]).pipeThrough(files.sealStream()));
      for (const message of [await files.seal(plaintext), streamed]) {
        expect(inspectHeader(message).suite).toBe(suite);
        expect(message.length).toBe(files.sealedLength(plaintext.length));
        expect(Buffer.compare(await files.open(message), plaintext)).toBe(0);
        expect(await files.openRange(message, 1_400_000, 9)).toEqual(plaintext.subarray(1_400_000, 1_400_009));
      }
      const short = await files.seal(plaintext.subarray(0, 5_000));
      const unwrap = async (ciphertextBlob: Uint8Array) =>
        (await kms.decrypt({ ciphertextBlob, encryptionContext: context })).plaintext;
      const opened = await independentOpen(short, { context, unwrap });
      expect(opened.suite).toBe(id);
      expect(Buffer.compare(opened.plaintext, plaintext.subarray(0, 5_000))).toBe(0);
    });

    test("refuses another context and a touched byte, opens after rotation, and moves to another CMK", async () => {
      const [keyId, other] = [await createKey(keySpec), await createKey(keySpec)];
      const files = envelope(kms, { keyId, encryptionContext: context });
      const plaintext = seeded(keySpec).bytes(70_000);
      const message = await files.seal(plaintext);
      const refusal = { code: "ERR_AUTHENTICATION" };
      await expect(envelope(kms).open(message)).rejects.toMatchObject(refusal);
      for (const at of [8 + 40, 8 + 60, 120, 168, message.length - 1]) {
        const spoilt = message.slice();
        spoilt[at] = (spoilt[at] ?? 0) ^ 1;
        await expect(files.open(spoilt)).rejects.toMatchObject(refusal);
      }
      await kms.rotateKey({ keyId });
      expect(Buffer.compare(await files.open(message), plaintext)).toBe(0);
      const moved = await files.rewrap(message, { keyId: other });
      expect(moved.subarray(168)).toEqual(message.subarray(168));
      const onlyOther = envelope(kms, { encryptionContext: context, allowedKeyIds: [other] });
      expect(Buffer.compare(await onlyOther.open(moved), plaintext)).toBe(0);
      await expect(onlyOther.open(message)).rejects.toMatchObject(refusal);
    });
  });
});
