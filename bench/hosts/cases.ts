import { cbc, ctr, gcm } from "@noble/ciphers/aes.js";
import { aesGcm, sm4Gcm } from "lanelock";
import { aesCbc, aesCtr, sm4Cbc, sm4Ecb } from "lanelock/unauthenticated";
import { sm4 } from "sm-crypto-v2";
import type { Bar, Case, Contender } from "../case.ts";
import { NOBLE } from "../rivals/noble.ts";
import { SM_CRYPTO } from "../rivals/sm-crypto.ts";
import { gcmParameters, WEB_CRYPTO, webCryptoCall } from "../rivals/web-crypto.ts";
import { label, OWN, outputFor } from "../sizes.ts";

// The ciphers against what a page could use instead. No time
// depends on the data, so a pattern will do: jsc has no random bytes.

const KIB16 = 16_384;
const MIB = 1_048_576;

const pattern = (length: number) => Uint8Array.from({ length }, (_, index) => 167 * index + 13);
const [key, smKey, iv] = [pattern(32), pattern(16), pattern(16)];
const [nonce, aad] = [pattern(12), pattern(16)];

/** jsc has no WebCrypto. */
const hasWebCrypto = typeof globalThis.crypto?.subtle === "object";

type Run = Contender["run"];

interface Draft {
  readonly name: string;
  readonly bytes: number;
  readonly own: Run;
  readonly webCrypto?: () => Promise<Contender>;
  readonly noble?: Run;
  readonly smCrypto?: Run;
  readonly bars?: readonly Bar[];
}

async function toCase({ name, bytes, own, webCrypto, noble, smCrypto, bars = [] }: Draft): Promise<Case> {
  const contenders: Contender[] = [{ name: OWN, run: own }];
  if (webCrypto && hasWebCrypto) contenders.push(await webCrypto());
  if (noble) contenders.push({ name: NOBLE, run: noble });
  if (smCrypto) contenders.push({ name: SM_CRYPTO, run: smCrypto });
  const held = bars.filter(({ against }) => against !== WEB_CRYPTO || hasWebCrypto);
  return { name: `${name} ${label(bytes)}`, bytes, contenders, bars: held };
}

function aesGcmDrafts(): Draft[] {
  const aead = aesGcm(key);
  const parameters = gcmParameters({ nonce, aad });
  const seal = (bytes: number): Draft => {
    const data = pattern(bytes);
    const into = outputFor(bytes) && new Uint8Array(bytes + 16);
    return {
      ...{ name: "AES-256-GCM seal", bytes },
      own: () => aead.seal(nonce, data, { aad, into }),
      webCrypto: () => webCryptoCall("encrypt", key, parameters, data),
      noble: () => gcm(key, nonce, aad).encrypt(data),
      bars: bytes === 64 ? [{ against: WEB_CRYPTO, atLeast: 10 }] : [],
    };
  };
  const sealed = Uint8Array.from(aead.seal(nonce, pattern(MIB), { aad }));
  const into = outputFor(MIB);
  const open: Draft = {
    ...{ name: "AES-256-GCM open", bytes: MIB },
    own: () => aead.open(nonce, sealed, { aad, into }),
    webCrypto: () => webCryptoCall("decrypt", key, parameters, sealed),
    noble: () => gcm(key, nonce, aad).decrypt(sealed),
  };
  return [...[32, 64, 1024, KIB16, MIB].map(seal), open];
}

function aesModeDrafts(): Draft[] {
  const data = pattern(MIB);
  const [into, output] = [outputFor(MIB), outputFor(MIB)];
  const [counter, chain] = [aesCtr(key), aesCbc(key)];
  const encrypted = Uint8Array.from(chain.encrypt(iv, data));
  // The engine writes whole blocks before it knows how long the padding is.
  const decrypted = outputFor(encrypted.length);
  return [
    {
      ...{ name: "AES-256-CTR encrypt", bytes: MIB },
      own: () => counter.encrypt(iv, data, { into }),
      webCrypto: () => webCryptoCall("encrypt", key, { name: "AES-CTR", counter: iv, length: 128 }, data),
      noble: () => ctr(key, iv).encrypt(data, output),
    },
    {
      ...{ name: "AES-256-CBC decrypt", bytes: MIB },
      own: () => chain.decrypt(iv, encrypted, { into: decrypted }),
      webCrypto: () => webCryptoCall("decrypt", key, { name: "AES-CBC", iv }, encrypted),
      noble: () => cbc(key, iv).decrypt(encrypted),
    },
  ];
}

function sm4Drafts(): Draft[] {
  const aead = sm4Gcm(smKey);
  const seal = (bytes: number): Draft => {
    const data = pattern(bytes);
    const into = outputFor(bytes) && new Uint8Array(bytes + 16);
    const options = { mode: "gcm", iv: nonce, associatedData: aad, output: "array", outputTag: true } as const;
    return {
      ...{ name: "SM4-GCM seal", bytes },
      own: () => aead.seal(nonce, data, { aad, into }),
      smCrypto: () => joined(sm4.encrypt(data, smKey, options)),
      bars: bytes === MIB ? [{ against: SM_CRYPTO, atLeast: 8 }] : [],
    };
  };
  const data = pattern(MIB);
  const into = outputFor(MIB);
  const none = { padding: "none", output: "array" } as const;
  const [book, chain] = [sm4Ecb(smKey, { padding: "none" }), sm4Cbc(smKey, { padding: "none" })];
  const rest: Draft[] = [
    {
      ...{ name: "SM4-ECB encrypt", bytes: MIB },
      own: () => book.encrypt(data, { into }),
      smCrypto: () => sm4.encrypt(data, smKey, none),
    },
    {
      ...{ name: "SM4-CBC decrypt", bytes: MIB },
      own: () => chain.decrypt(iv, data, { into }),
      smCrypto: () => sm4.decrypt(data, smKey, { ...none, mode: "cbc", iv }),
    },
  ];
  return [...[64, MIB].map(seal), ...rest];
}

/** sm-crypto-v2 hands out ciphertext and tag apart. Only short ones are put together, to be compared. */
function joined({ output, tag = new Uint8Array(0) }: { output: Uint8Array; tag?: Uint8Array }): Uint8Array | undefined {
  return output.length < KIB16 ? Uint8Array.from([...output, ...tag]) : undefined;
}

export function hostCases(): Promise<Case[]> {
  return Promise.all([...aesGcmDrafts(), ...aesModeDrafts(), ...sm4Drafts()].map(toCase));
}
