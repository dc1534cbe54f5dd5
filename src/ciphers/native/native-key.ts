import type { NodeCrypto, NodeKey } from "../../shared/node-crypto.ts";
import type { KeySlot } from "../engine-binding/key-slot.ts";
import { algorithmOf, type Backend, type Crossover, chooseNative, type Mode } from "./backend.ts";

/** What makes a cipher's keys for node:crypto: undefined where all messages go to the engine. */
export type MakeNative<Key extends NativeKey> = (backend: Backend, slot: KeySlot) => Key | undefined;

/** A key as node:crypto takes it. The copy is made from the key's slot when a message first needs it. */
export abstract class NativeKey {
  /** Shorter messages go to the engine. */
  readonly from: Crossover;
  protected readonly mode: Mode;
  protected readonly crypto: NodeCrypto;
  protected readonly bits: number;
  /** As OpenSSL calls it: `aes-256-gcm`. */
  protected readonly algorithm: string;
  readonly #make: () => NodeKey;
  #object: NodeKey | undefined;

  constructor({ crypto, mode, bits, from, object }: NativeSource) {
    this.mode = mode;
    this.crypto = crypto;
    this.bits = bits;
    this.algorithm = algorithmOf(mode, bits);
    this.from = from;
    this.#make = object;
  }

  protected get object(): NodeKey {
    this.#object ??= this.#make();
    return this.#object;
  }

  /** Drops the copy. OpenSSL wipes it when it is collected. */
  drop(): void {
    this.#object = undefined;
  }
}

export interface NativeSource {
  readonly crypto: NodeCrypto;
  readonly mode: Mode;
  /** Of the key. */
  readonly bits: number;
  readonly from: Crossover;
  /** Makes the copy of the key. */
  readonly object: () => NodeKey;
}

/** Makes the keys of one mode of AES. If the host has to have it and does not, the slot is given back. */
export function nativeAes<Key extends NativeKey>(mode: Mode, make: (source: NativeSource) => Key): MakeNative<Key> {
  return (backend, slot) => {
    const bits = slot.length * 8;
    try {
      const choice = chooseNative(backend, mode, bits);
      if (choice === undefined) return undefined;
      return make({ ...choice, mode, bits, object: () => choice.crypto.createSecretKey(slot.given()) });
    } catch (error) {
      slot.dispose();
      throw error;
    }
  };
}
