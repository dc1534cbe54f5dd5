import crypto, { type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ECDSA } from "@noble/curves/abstract/weierstrass.js";
import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";
import { generateKeyPair } from "../../src/asymmetric/private-key.ts";
import type { AsymmetricKeySpec } from "../../src/kms/ports/index.ts";
import type { Bar, Case } from "../case.ts";
import { OWN } from "../sizes.ts";

const NODE = "node:crypto";
const NOBLE = "@noble/curves";
const AS_NODE: readonly Bar[] = [{ against: NODE, atLeast: 1 / 1.3 }];
const AS_NOBLE: readonly Bar[] = [{ against: NOBLE, atLeast: 1 / 1.2 }];

const message = crypto.randomBytes(64);
const digest = crypto.createHash("sha256").update(message).digest();

interface BenchKey {
  readonly spec: AsymmetricKeySpec;
  readonly kms: Kms;
  readonly named: { readonly keyId: string; readonly keyVersionId: string };
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The same key in a KMS (SQLite, audit log in a file) and in node:crypto. */
async function benchKey(kms: Kms, spec: AsymmetricKeySpec, keyUsage: "SIGN/VERIFY" | "ENCRYPT/DECRYPT") {
  const pair = await generateKeyPair(spec);
  const named = { keyId: crypto.randomUUID(), keyVersionId: crypto.randomUUID() };
  await kms.seedKey({ ...named, keySpec: spec, keyUsage, material: pair.privateKey });
  const privateKey = crypto.createPrivateKey({ key: Buffer.from(pair.privateKey), format: "der", type: "pkcs8" });
  return { spec, kms, named, privateKey, publicKey: crypto.createPublicKey(privateKey) };
}

const PADDINGS = {
  RSA_PSS_SHA_256: { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  RSA_PKCS1_SHA_256: { padding: crypto.constants.RSA_PKCS1_PADDING },
};

function rsaSign({ spec, kms, named, privateKey: key }: BenchKey, algorithm: keyof typeof PADDINGS): Case[] {
  const bare = { name: NODE, run: () => crypto.sign("sha256", message, { key, ...PADDINGS[algorithm] }) };
  const sign = async (input: { message: Uint8Array } | { digest: Uint8Array }) =>
    (await kms.asymmetricSign({ ...named, algorithm, ...input })).value;
  return [
    { name: `${algorithm} ${spec} message`, own: () => sign({ message }) },
    { name: `${algorithm} ${spec} digest`, own: () => sign({ digest }) },
  ].map(({ name, own }) => ({
    name,
    bytes: 64,
    bars: AS_NODE,
    sameOutput: false as const,
    contenders: [{ name: OWN, run: own }, bare],
  }));
}

function rsaDecrypt({ spec, kms, named, privateKey: key, publicKey }: BenchKey): Case {
  const oaep = { padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const ciphertextBlob = crypto.publicEncrypt({ key: publicKey, ...oaep }, digest);
  const algorithm = "RSAES_OAEP_SHA_256";
  return {
    name: `${algorithm} ${spec} decrypt`,
    bytes: 32,
    bars: AS_NODE,
    contenders: [
      { name: OWN, run: async () => (await kms.asymmetricDecrypt({ ...named, algorithm, ciphertextBlob })).plaintext },
      { name: NODE, run: () => crypto.privateDecrypt({ key, ...oaep }, ciphertextBlob) },
    ],
  };
}

function ecdsaOverMessage({ spec, kms, named, privateKey, publicKey }: BenchKey): Case[] {
  const value = crypto.sign("sha256", message, privateKey);
  const shown = (good: boolean) => Uint8Array.of(good ? 1 : 0);
  return [
    {
      name: `ECDSA ${spec} sign message`,
      bytes: 64,
      bars: AS_NODE,
      sameOutput: false,
      contenders: [
        { name: OWN, run: async () => (await kms.asymmetricSign({ ...named, message })).value },
        { name: NODE, run: () => crypto.sign("sha256", message, privateKey) },
      ],
    },
    {
      name: `ECDSA ${spec} verify message`,
      bytes: 64,
      bars: AS_NODE,
      contenders: [
        { name: OWN, run: async () => shown((await kms.asymmetricVerify({ ...named, message, value })).value) },
        { name: NODE, run: () => shown(crypto.verify("sha256", message, publicKey, value)) },
      ],
    },
  ];
}

function ecdsaOverDigest({ spec, kms, named, privateKey }: BenchKey): Case[] {
  const curve: ECDSA = spec === "EC_P256" ? p256 : secp256k1;
  const scalar = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  const point = curve.getPublicKey(scalar);
  const options = { prehash: false, format: "der" } as const;
  const value = curve.sign(digest, scalar, options);
  const verifyOptions = { ...options, lowS: false };
  const shown = (good: boolean) => Uint8Array.of(good ? 1 : 0);
  return [
    {
      name: `ECDSA ${spec} sign digest`,
      bytes: 32,
      bars: AS_NOBLE,
      contenders: [
        { name: OWN, run: async () => (await kms.asymmetricSign({ ...named, digest })).value },
        { name: NOBLE, run: () => curve.sign(digest, scalar, options) },
      ],
    },
    {
      name: `ECDSA ${spec} verify digest`,
      bytes: 32,
      bars: AS_NOBLE,
      contenders: [
        { name: OWN, run: async () => shown((await kms.asymmetricVerify({ ...named, digest, value })).value) },
        { name: NOBLE, run: () => shown(curve.verify(value, digest, point, verifyOptions)) },
      ],
    },
  ];
}

/** No bar: nothing else does the whole of ECIES here, so the rival is its ECDH alone, the least it could cost. */
async function eciesDecrypt({ spec, kms, named, privateKey }: BenchKey): Promise<Case> {
  const { ciphertextBlob } = await kms.asymmetricEncrypt({ ...named, plaintext: message });
  const ecdh = crypto.createECDH(spec === "EC_P256" ? "prime256v1" : "secp256k1");
  ecdh.setPrivateKey(Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url"));
  const point = ciphertextBlob.subarray(0, 65);
  return {
    name: `ECIES ${spec} decrypt, against ECDH alone`,
    bytes: 64,
    sameOutput: false,
    contenders: [
      { name: OWN, run: async () => (await kms.asymmetricDecrypt({ ...named, ciphertextBlob })).plaintext },
      { name: NODE, run: () => ecdh.computeSecret(point) },
    ],
  };
}

/** Cases through a KMS as it is used, and what to call when they have been measured. */
export async function asymmetricCases(): Promise<{ cases: readonly Case[]; close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "lanelock-bench-"));
  const store = sqlStore({ path: join(folder, "keys.db") });
  const kms = await Kms.open({ store, rootKey: crypto.randomBytes(32), allowSeeding: true });
  const cases: Case[] = [];
  for (const spec of ["RSA_2048", "RSA_3072", "RSA_4096"] as const) {
    const signer = await benchKey(kms, spec, "SIGN/VERIFY");
    cases.push(...rsaSign(signer, "RSA_PSS_SHA_256"), ...rsaSign(signer, "RSA_PKCS1_SHA_256"));
    cases.push(rsaDecrypt(await benchKey(kms, spec, "ENCRYPT/DECRYPT")));
  }
  for (const spec of ["EC_P256", "EC_P256K"] as const) {
    const signer = await benchKey(kms, spec, "SIGN/VERIFY");
    cases.push(...ecdsaOverMessage(signer), ...ecdsaOverDigest(signer));
    cases.push(await eciesDecrypt(await benchKey(kms, spec, "ENCRYPT/DECRYPT")));
  }
  const close = async () => {
    await kms.close();
    rmSync(folder, { recursive: true });
  };
  return { cases, close };
}
