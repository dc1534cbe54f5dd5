import { aesGcm, type Backend, sm4Gcm } from "lanelock";
import {
  aesCbc,
  aesCfb,
  aesCtr,
  aesEcb,
  aesOfb,
  sm4Cbc,
  sm4Cfb,
  sm4Ctr,
  sm4Ecb,
  sm4Ofb,
} from "lanelock/unauthenticated";
import { gcm } from "./gcm.ts";
import { type BlockCipherName, type ModeName, opensslAesGcm, opensslEncrypt, type SealInput } from "./openssl-modes.ts";

// Every cipher of the engine, each beside the implementation it is compared with. The suites run over these lists.

export type Aead = ReturnType<typeof aesGcm>;

export interface AeadUnderTest {
  readonly name: string;
  readonly cipher: BlockCipherName;
  readonly keyLength: number;
  create(key: Uint8Array, options?: { tagLength?: number }): Aead;
  /** Ciphertext ‖ tag by the other implementation. */
  expected(input: SealInput): Uint8Array<ArrayBuffer>;
}

const longestOpensslNonce = 128;

/** Tests compute tag lengths; the type of the option names each one. */
export type TagLength = NonNullable<NonNullable<Parameters<typeof aesGcm>[1]>["tagLength"]>;

function withTagLength(create: typeof sm4Gcm): AeadUnderTest["create"] {
  return (key, options) =>
    create(key, options?.tagLength === undefined ? {} : { tagLength: options.tagLength as TagLength });
}

/** AES-GCM by one backend, whatever the lengths of messages. */
function aesGcmBy(backend: Backend): AeadUnderTest["create"] {
  return withTagLength((key, options) => aesGcm(key, { ...options, backend }));
}

function aesGcmExpected(input: SealInput): Uint8Array<ArrayBuffer> {
  return input.nonce.length > longestOpensslNonce ? gcm("aes")(input) : opensslAesGcm(input);
}

export const aeads: readonly AeadUnderTest[] = [
  { name: "aes-128-gcm", cipher: "aes", keyLength: 16, create: aesGcmBy("wasm"), expected: aesGcmExpected },
  { name: "aes-192-gcm", cipher: "aes", keyLength: 24, create: aesGcmBy("wasm"), expected: aesGcmExpected },
  { name: "aes-256-gcm", cipher: "aes", keyLength: 32, create: aesGcmBy("wasm"), expected: aesGcmExpected },
  { name: "sm4-gcm", cipher: "sm4", keyLength: 16, create: withTagLength(sm4Gcm), expected: gcm("sm4") },
];

/** AES-GCM by node:crypto, and by both, as the length decides. */
export const nativeAeads: readonly AeadUnderTest[] = (["native", "auto"] as const).map((backend) => ({
  name: `aes-256-gcm ${backend}`,
  cipher: "aes",
  keyLength: 32,
  create: aesGcmBy(backend),
  expected: aesGcmExpected,
}));

export type Padding = "pkcs7" | "none";

interface Into {
  into?: Uint8Array;
}

/** ECB, CBC, CTR, CFB and OFB in one shape; ECB takes no notice of the IV. */
export interface BlockMode {
  encrypt(iv: Uint8Array, data: Uint8Array, options?: Into): Uint8Array;
  decrypt(iv: Uint8Array, data: Uint8Array, options?: Into): Uint8Array;
  dispose(): void;
  [Symbol.dispose](): void;
}

export interface BlockModeUnderTest {
  readonly name: string;
  readonly cipher: BlockCipherName;
  readonly mode: ModeName;
  readonly padding: Padding;
  readonly keyLength: number;
  create(key: Uint8Array): BlockMode;
  /** The ciphertext by OpenSSL. */
  expected(input: { key: Uint8Array; iv: Uint8Array; data: Uint8Array }): Uint8Array<ArrayBuffer>;
}

function withoutIv(ecb: ReturnType<typeof aesEcb>): BlockMode {
  return {
    encrypt: (_, data, options) => ecb.encrypt(data, options),
    decrypt: (_, data, options) => ecb.decrypt(data, options),
    dispose: () => ecb.dispose(),
    [Symbol.dispose]: () => ecb.dispose(),
  };
}

type Variant = Pick<BlockModeUnderTest, "cipher" | "mode" | "padding" | "keyLength">;

function create({ cipher, mode, padding }: Variant, backend: Backend): (key: Uint8Array) => BlockMode {
  const aes = cipher === "aes";
  if (mode === "ecb") return (key) => withoutIv(aes ? aesEcb(key, { padding, backend }) : sm4Ecb(key, { padding }));
  if (mode === "cbc") return (key) => (aes ? aesCbc(key, { padding, backend }) : sm4Cbc(key, { padding }));
  if (mode === "cfb") return aes ? aesCfb : sm4Cfb;
  if (mode === "ofb") return aes ? aesOfb : sm4Ofb;
  return aes ? (key) => aesCtr(key, { backend }) : sm4Ctr;
}

/** Whether the mode adds a keystream, and so takes data of any length without padding. */
export function isStream(mode: ModeName): boolean {
  return mode === "ctr" || mode === "cfb" || mode === "ofb";
}

function blockMode(variant: Variant, backend: Backend = "wasm"): BlockModeUnderTest {
  const { cipher, mode, padding, keyLength } = variant;
  const size = cipher === "aes" ? `-${keyLength * 8}` : "";
  return {
    ...variant,
    name: `${cipher}${size}-${mode}${isStream(mode) ? "" : ` ${padding}`}${backend === "wasm" ? "" : ` ${backend}`}`,
    create: create(variant, backend),
    expected: ({ key, iv, data }) =>
      opensslEncrypt({ cipher, mode, key, data, padding, iv: mode === "ecb" ? undefined : iv }),
  };
}

const keys: readonly Pick<Variant, "cipher" | "keyLength">[] = [
  { cipher: "aes", keyLength: 16 },
  { cipher: "aes", keyLength: 24 },
  { cipher: "aes", keyLength: 32 },
  { cipher: "sm4", keyLength: 16 },
];
const modes: readonly Pick<Variant, "mode" | "padding">[] = [
  { mode: "ecb", padding: "pkcs7" },
  { mode: "ecb", padding: "none" },
  { mode: "cbc", padding: "pkcs7" },
  { mode: "cbc", padding: "none" },
  { mode: "ctr", padding: "none" },
  { mode: "cfb", padding: "none" },
  { mode: "ofb", padding: "none" },
];

export const blockModes: readonly BlockModeUnderTest[] = keys.flatMap((key) =>
  modes.map((mode) => blockMode({ ...key, ...mode })),
);

/** Each mode that node:crypto may do, by it and by both, as the length decides. */
export const nativeBlockModes: readonly BlockModeUnderTest[] = modes
  .slice(0, 5)
  .flatMap((mode, index) =>
    (["native", "auto"] as const).map((backend) =>
      blockMode({ cipher: "aes", keyLength: [32, 16, 24][index % 3] ?? 32, ...mode }, backend),
    ),
  );

/** Whether the mode takes data of any length, or only whole blocks. */
export function takesLength({ mode, padding }: BlockModeUnderTest, length: number): boolean {
  return isStream(mode) || padding === "pkcs7" || length % 16 === 0;
}
