// One view of two keys: both programs run with each of them.
import { decode } from "../../test/proof/wasm/decode.ts";
import { link } from "../../test/proof/wasm/link.ts";
import { addressesOf, compare, type Tally } from "./compare.ts";
import { keyFromTrace } from "./key-from-trace.ts";
import { type Layout, TracedAes } from "./recorder.ts";

export type ProgramName = "engine" | "table";

export interface Module {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the file that the module comes from. */
  readonly file: string;
}

export interface Traced {
  /** Of all memory accesses, and of all branches and selections, how many differ between the keys. */
  readonly addressTally: Tally;
  readonly decisions: Tally;
  readonly file: string;
  /** SHA-256 of the module's bytes, in hexadecimal. */
  readonly sha256: string;
  readonly layout: Layout;
  readonly addresses: readonly [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>];
  /** How many of the accesses expand the key, before encryption begins. */
  readonly expansion: number;
  /** What the first key's addresses and the text give away: the key, in a program that looks up a table. */
  readonly keyRead: Uint8Array | undefined;
  readonly ciphertexts: readonly [Uint8Array, Uint8Array];
}

export interface Asked {
  /** Two of 16 bytes. */
  readonly keys: readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];
  /** At least one block of 16 bytes. */
  readonly text: Uint8Array<ArrayBuffer>;
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Program {
  readonly #aes: TracedAes;
  readonly #module: Module;
  readonly #hasTable: boolean;

  /** @param memory the module in whose memory it works, if it has none */
  constructor(module: Module, { hasTable, memory }: { hasTable: boolean; memory?: Module }) {
    this.#module = module;
    const own = decode(module.bytes);
    const whole = memory && link(new Map(Object.entries({ env: decode(memory.bytes), aes: own })));
    this.#aes = new TracedAes(whole ?? own);
    this.#hasTable = hasTable;
  }

  async trace({ keys, text }: Asked): Promise<Traced> {
    const [one, other] = [this.#aes.run(keys[0], text), this.#aes.run(keys[1], text)];
    const { addresses: addressTally, decisions } = compare(one.trace, other.trace);
    const { layout } = this.#aes;
    const { bytes, file } = this.#module;
    return {
      addressTally,
      decisions,
      file,
      sha256: hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))),
      layout,
      addresses: [addressesOf(one.trace), addressesOf(other.trace)],
      expansion: addressesOf(one.trace, one.encryptionAt).length,
      keyRead: this.#hasTable ? keyFromTrace(one, layout, text) : undefined,
      ciphertexts: [one.ciphertext, other.ciphertext],
    };
  }
}

/** AES-128-ECB by WebCrypto, which has CBC: a block under a zero IV is a block of ECB. */
export async function encryptByWebCrypto(key: Uint8Array<ArrayBuffer>, text: Uint8Array<ArrayBuffer>) {
  const algorithm = { name: "AES-CBC", iv: new Uint8Array(16) };
  const imported = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["encrypt"]);
  const ciphertext = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 16) {
    const sealed = await crypto.subtle.encrypt(algorithm, imported, text.slice(at, at + 16));
    ciphertext.set(new Uint8Array(sealed, 0, 16), at);
  }
  return ciphertext;
}
