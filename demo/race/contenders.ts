// The contenders with their keys: each seals under the same key, nonce and text, with no additional data, and returns a new array,
// as an application would call it. Keys are expanded, imported or kept once, as each library allows.
import { gcm } from "@noble/ciphers/aes.js";
import { aesGcm, sm4Gcm } from "lanelock";
import { sm4 } from "sm-crypto-v2";
import type { Cipher, Contender, RecordsContender } from "./results.ts";

export interface Message {
  /** 12 bytes. */
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly data: Uint8Array<ArrayBuffer>;
}

type Sealed = Uint8Array | Promise<Uint8Array>;
type SealedList = readonly Uint8Array[] | Promise<readonly Uint8Array[]>;

export interface Contenders {
  /** Seals one message: ciphertext ‖ tag. */
  readonly seal: ReadonlyMap<Contender, (message: Message) => Sealed>;
  /** Seals a list of messages. */
  readonly sealAll: ReadonlyMap<RecordsContender, (messages: readonly Message[]) => SealedList>;
  dispose(): void;
}

function smCryptoSeal(key: Uint8Array) {
  const options = { mode: "gcm", output: "array", outputTag: true, padding: "none" } as const;
  return ({ nonce, data }: Message): Uint8Array => {
    const { output, tag } = sm4.encrypt(data, key, { ...options, iv: nonce });
    const sealed = new Uint8Array(output.length + 16);
    sealed.set(output);
    if (tag) sealed.set(tag, output.length);
    return sealed;
  };
}

/** WebCrypto's AES-GCM, if the page has it: it is missing outside of secure contexts. */
async function webCryptoSeal(key: Uint8Array<ArrayBuffer>) {
  if (globalThis.crypto?.subtle === undefined) return undefined;
  const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return async ({ nonce, data }: Message): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, imported, data));
}

/** One message after another; waits only where the contender has something to wait for. */
const inTurn =
  (seal: (message: Message) => Sealed) =>
  (messages: readonly Message[]): SealedList => {
    const first = messages[0] && seal(messages[0]);
    if (!(first instanceof Promise)) return messages.map((message) => seal(message) as Uint8Array);
    return (async () => {
      const all = [await first];
      for (const message of messages.slice(1)) all.push(await seal(message));
      return all;
    })();
  };

/** @param key 32 bytes for AES, 16 for SM4 */
export async function contenders(cipher: Cipher, key: Uint8Array<ArrayBuffer>): Promise<Contenders> {
  const own = cipher === "aes" ? aesGcm(key) : sm4Gcm(key);
  const seal = new Map<Contender, (message: Message) => Sealed>();
  const sealAll = new Map<RecordsContender, (messages: readonly Message[]) => SealedList>();
  seal.set("lanelock", ({ nonce, data }) => own.seal(nonce, data));
  sealAll.set("lanelock-many", (messages) => own.sealMany(messages));
  if (cipher === "aes") {
    const native = await webCryptoSeal(key);
    if (native) {
      seal.set("webcrypto", native);
      sealAll.set("webcrypto-all", (messages) => Promise.all(messages.map(native)));
    }
    // Its cipher objects take the nonce with the key: a new one for each message is how it is used.
    seal.set("noble", ({ nonce, data }) => gcm(key, nonce).encrypt(data));
  } else {
    seal.set("sm-crypto", smCryptoSeal(key));
  }
  for (const [name, one] of seal) sealAll.set(name, inTurn(one));
  return { seal, sealAll, dispose: () => own.dispose() };
}
