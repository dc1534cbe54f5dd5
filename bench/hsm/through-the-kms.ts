import { createRequire } from "node:module";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore, sqlStore } from "lanelock/stores";
import { createNssToken } from "../../test/tokens/nss.ts";
import { scratchFolder } from "../../test/tokens/scratch-folder.ts";
import { createSoftHsmToken } from "../../test/tokens/softhsm.ts";
import type { Case } from "../case.ts";
import { OWN } from "../sizes.ts";
import { longestPauseDuringKeyGeneration } from "./event-loop.ts";

const PKCS11JS = "pkcs11js, synchronous";

/** A KMS as it would be run, store and audit log on disk, with its HSM keys on a SoftHSM token. */
export async function openBenchedKms() {
  const token = createSoftHsmToken("bench");
  const store = sqlStore({ path: join(scratchFolder("bench"), "keys.db") });
  const kms = await Kms.open({ store, rootKey: new Uint8Array(32), hsm: pkcs11({ ...token, sessions: { max: 4 } }) });
  return { kms, token };
}

type Token = Awaited<ReturnType<typeof openBenchedKms>>["token"];

/** AES-256-GCM by direct calls to the token, without a layer in between. */
export function bareToken({ module, token }: Token) {
  const { PKCS11, ...pkcs11js } = createRequire(import.meta.url)("pkcs11js") as typeof import("pkcs11js");
  const api = new PKCS11();
  api.load(module);
  const slot = api.C_GetSlotList(true).find((one) => api.C_GetTokenInfo(one).label.trim() === token.label);
  if (!slot) throw new Error(`no token ${token.label}`);
  // Logged in with the KMS: a login is the process's.
  const session = api.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
  const key = api.C_GenerateKey(session, { mechanism: pkcs11js.CKM_AES_KEY_GEN }, [
    { type: pkcs11js.CKA_TOKEN, value: true },
    { type: pkcs11js.CKA_SENSITIVE, value: true },
    { type: pkcs11js.CKA_EXTRACTABLE, value: false },
    { type: pkcs11js.CKA_ENCRYPT, value: true },
    { type: pkcs11js.CKA_DECRYPT, value: true },
    { type: pkcs11js.CKA_VALUE_LEN, value: 32 },
  ]);
  const mechanism = (iv: Buffer, aad: Buffer) => {
    const parameter = { type: pkcs11js.CK_PARAMS_AES_GCM_v240, iv, ivBits: 96, aad, tagBits: 128 };
    return { mechanism: pkcs11js.CKM_AES_GCM, parameter };
  };
  return {
    encrypt(plaintext: Buffer, { iv, aad }: { iv: Buffer; aad: Buffer }): Buffer {
      api.C_EncryptInit(session, mechanism(iv, aad), key);
      return api.C_Encrypt(session, plaintext, Buffer.alloc(plaintext.length + 16));
    },
    decrypt(ciphertext: Buffer, { iv, aad }: { iv: Buffer; aad: Buffer }): Buffer {
      api.C_DecryptInit(session, mechanism(iv, aad), key);
      return api.C_Decrypt(session, ciphertext, Buffer.alloc(ciphertext.length));
    },
  };
}

/** HSM keys through the KMS against the bare calls; SoftHSM does the same work in both. */
export async function hsmCases() {
  const { kms, token } = await openBenchedKms();
  const bare = bareToken(token);
  const { keyId } = (await kms.createKey({ protectionLevel: "HSM" })).keyMetadata;
  const plaintext = Buffer.alloc(32, 7);
  const encryptionContext = { tenant: "42" };
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext, encryptionContext });
  const [iv, aad] = [Buffer.alloc(12, 1), Buffer.alloc(32, 2)];
  const sealed = Buffer.from(bare.encrypt(plaintext, { iv, aad }));
  const differs = { bytes: 32, sameOutput: false } as const;
  const cases: Case[] = [
    {
      ...differs,
      name: "HSM AES-256-GCM encrypt 32 B (SoftHSM)",
      bars: [{ against: PKCS11JS, atLeast: 0.6 }],
      contenders: [
        { name: OWN, run: async () => (await kms.encrypt({ keyId, plaintext, encryptionContext })).ciphertextBlob },
        { name: PKCS11JS, run: () => bare.encrypt(plaintext, { iv, aad }) },
      ],
    },
    {
      ...differs,
      name: "HSM AES-256-GCM decrypt 32 B (SoftHSM)",
      contenders: [
        { name: OWN, run: async () => (await kms.decrypt({ ciphertextBlob, encryptionContext })).plaintext },
        { name: PKCS11JS, run: () => bare.decrypt(sealed, { iv, aad }) },
      ],
    },
  ];
  const limits = [
    {
      name: "Longest pause of the event loop while RSA keys are generated",
      unit: "ms",
      atMost: 20,
      measure: () => longestPauseDuringKeyGeneration(kms),
    },
    {
      // No bar: NSS's database is locked while it encrypts and stores the parts of a private key, pkcs11js has no asynchronous
      // C_EncryptInit, and that waits for the lock.
      name: "The same on NSS softokn, for which there is no bar",
      unit: "ms",
      atMost: Number.POSITIVE_INFINITY,
      measure: async () => {
        const hsm = pkcs11({ ...createNssToken(), sessions: { max: 4 } });
        await using onNss = await Kms.open({ store: memoryStore(), rootKey: new Uint8Array(32), hsm });
        return await longestPauseDuringKeyGeneration(onNss);
      },
    },
  ];
  return { cases, limits, close: () => kms.close() };
}
