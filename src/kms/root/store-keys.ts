import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { LanelockError } from "../../errors.ts";
import { concatBytes, type Field, lengthPrefixed, utf8 } from "../../shared/encoding.ts";
import { HmacSha256 } from "../../shared/hash/sha256.ts";
import { randomBytes } from "../../shared/random.ts";
import { textOf } from "../../shared/utf8.ts";
import type { KeyBinding, MaterialCipher, MaterialWrapper } from "../ports/index.ts";

const FORMAT = 1;
const NONCE_LENGTH = 12;
const KEY_LENGTH = 32;

/** How many carried keys the first format wrote: those of the audit chains, of fingerprints and of context digests. */
const FIRST_FORMAT_CARRIED = 3;
const CHAIN_ID_LENGTH = 36;

type DigestPurpose = "fingerprint" | "context-digest";

/** Makes the MACs that rows had in lanelock 0.1; needed to upgrade a store. */
export interface FirstFormatMacs {
  mac(table: string, fields: readonly Field[]): Uint8Array;
  dispose(): void;
}

/**
 * Everything derived from the root secret of one store. Each key is HKDF-SHA-256 with
 * `info = lengthPrefixed(store id, key id, version id, purpose)`, so no two things are ever protected by one key.
 *
 * Wrapped material: `format 1 ‖ nonce 12 ‖ AES-256-GCM ciphertext ‖ tag 16`, under the key of its key id, version id and
 * purpose, with the format and the whole policy (KeySpec, usage, origin, protection level, mode) as AAD.
 */
export class StoreKeys implements MaterialWrapper {
  readonly storeId: string;
  readonly #cipher: MaterialCipher;
  readonly #pseudorandom: Uint8Array;
  readonly #rowMac: HmacSha256;
  readonly #audit: Uint8Array;
  readonly #digests: Readonly<Record<DigestPurpose, Uint8Array>>;
  readonly #macs = new Map<DigestPurpose, HmacSha256>();
  /** Keys of audit chains that ended when the root key was changed. */
  readonly #closedChains = new Map<string, Uint8Array>();
  #firstFormatAudit: Uint8Array | undefined;
  #disposed = false;

  constructor(storeId: string, secret: Uint8Array, cipher: MaterialCipher) {
    this.storeId = storeId;
    this.#cipher = cipher;
    this.#pseudorandom = extract(sha256, secret, lengthPrefixed(["lanelock store", storeId]));
    this.#rowMac = this.#hmac("row 2");
    this.#audit = this.#derive(["", "", "audit"]);
    this.#digests = {
      fingerprint: this.#derive(["", "", "fingerprint"]),
      "context-digest": this.#derive(["", "", "context-digest"]),
    };
  }

  #hmac(purpose: string): HmacSha256 {
    const key = this.#derive(["", "", purpose]);
    const hmac = new HmacSha256(key);
    key.fill(0);
    return hmac;
  }

  #derive(names: readonly [keyId: string, versionId: string, purpose: string]): Uint8Array {
    return expand(sha256, this.#pseudorandom, lengthPrefixed([this.storeId, ...names]), KEY_LENGTH);
  }

  /** 32 bytes that show whether a root key is the right one, without helping to find it. */
  rootCheck(): Uint8Array {
    return this.#derive(["", "", "root-check 2"]);
  }

  /** The root check of lanelock 0.1. */
  firstFormatRootCheck(): Uint8Array {
    return this.#derive(["", "", "root-check"]);
  }

  firstFormatMacs(): FirstFormatMacs {
    const rows = this.#hmac("row");
    // The row key came from the root key; the key of chains, and so of anchors, was carried from one root key to the next.
    const chains = new HmacSha256(this.#firstFormatAudit ?? this.#audit);
    return {
      mac: (table, fields) => (table === "anchor" ? chains : rows).digest(lengthPrefixed([table, ...fields])),
      dispose: () => {
        rows.dispose();
        chains.dispose();
      },
    };
  }

  /** The MAC of a row: 32 bytes over the table's name and every column. */
  mac(table: string, fields: readonly Field[]): Uint8Array {
    return this.#rowMac.digest(lengthPrefixed([table, ...fields]));
  }

  /** HMAC-SHA-256 under the key of a purpose. */
  keyedDigest(purpose: DigestPurpose, data: Uint8Array): Uint8Array {
    this.#requireOpen();
    const mac = this.#macs.get(purpose) ?? new HmacSha256(this.#digests[purpose]);
    this.#macs.set(purpose, mac);
    return mac.digest(data);
  }

  /** The key of an audit chain: the store's own, or the one it had when the root key was another. */
  auditKey(chainId: string): Uint8Array {
    this.#requireOpen();
    return this.#closedChains.get(chainId) ?? this.#audit;
  }

  /** Whether the chain ended when the root key was changed, so that no more lines may follow. */
  isClosedChain(chainId: string): boolean {
    return this.#closedChains.has(chainId);
  }

  #requireOpen(): void {
    if (this.#disposed) throw new LanelockError("ERR_STATE", "The KMS is closed.");
  }

  wrap(binding: KeyBinding, material: Uint8Array): Uint8Array {
    const key = this.#derive([binding.keyId, binding.versionId, binding.purpose]);
    const nonce = randomBytes(NONCE_LENGTH);
    try {
      const sealed = this.#cipher.seal({ key, nonce, data: material, aad: bindingAad(binding) });
      return concatBytes(Uint8Array.of(FORMAT), nonce, sealed);
    } finally {
      key.fill(0);
    }
  }

  unwrap(binding: KeyBinding, wrapped: Uint8Array): Uint8Array {
    if (wrapped[0] !== FORMAT) throw damaged(binding.keyId);
    const key = this.#derive([binding.keyId, binding.versionId, binding.purpose]);
    try {
      const nonce = wrapped.subarray(1, 1 + NONCE_LENGTH);
      return this.#cipher.open({ key, nonce, data: wrapped.subarray(1 + NONCE_LENGTH), aad: bindingAad(binding) });
    } catch (cause) {
      throw damaged(binding.keyId, cause);
    } finally {
      key.fill(0);
    }
  }

  /** The fingerprint key, wrapped under `next`: fingerprints of imported material must outlive a change of the root key. */
  carryTo(next: StoreKeys): Uint8Array {
    return next.wrap(CARRIED_BINDING, this.#digests.fingerprint);
  }

  /** The keys of these chains and of those that were closed before, wrapped under `next`. */
  closeChains(next: StoreKeys, chainIds: readonly string[]): Uint8Array {
    const all = new Map([...chainIds.map((id) => [id, this.auditKey(id)] as const), ...this.#closedChains]);
    const entries = concatBytes(...[...all].flatMap(([id, key]) => [utf8(id), key]));
    try {
      return next.wrap(CLOSED_CHAINS_BINDING, entries);
    } finally {
      entries.fill(0);
    }
  }

  /** Takes over what {@link carryTo} wrote. */
  adoptCarried(wrapped: Uint8Array): void {
    const keys = this.unwrap(CARRIED_BINDING, wrapped);
    this.#digests.fingerprint.set(keys.subarray(0, KEY_LENGTH));
    keys.fill(0);
  }

  /** Takes over what the first format wrote, whose chains go on under the key of an older root key: they are closed. */
  adoptFirstFormat(wrapped: Uint8Array, chainIds: readonly string[]): void {
    const keys = this.unwrap(CARRIED_BINDING, wrapped);
    if (keys.length !== FIRST_FORMAT_CARRIED * KEY_LENGTH) throw damaged("");
    const [audit, fingerprint] = [keys.slice(0, KEY_LENGTH), keys.subarray(KEY_LENGTH, 2 * KEY_LENGTH)];
    this.#firstFormatAudit = audit;
    for (const id of chainIds) this.#closedChains.set(id, audit);
    this.#digests.fingerprint.set(fingerprint);
    keys.fill(0);
  }

  /** Takes over what {@link closeChains} wrote. */
  adoptClosedChains(wrapped: Uint8Array): void {
    const entries = this.unwrap(CLOSED_CHAINS_BINDING, wrapped);
    const size = CHAIN_ID_LENGTH + KEY_LENGTH;
    for (let at = 0; at + size <= entries.length; at += size) {
      const id = textOf(entries.subarray(at, at + CHAIN_ID_LENGTH));
      this.#closedChains.set(id, entries.slice(at + CHAIN_ID_LENGTH, at + size));
    }
    entries.fill(0);
  }

  dispose(): void {
    this.#disposed = true;
    this.#pseudorandom.fill(0);
    this.#rowMac.dispose();
    for (const mac of this.#macs.values()) mac.dispose();
    this.#macs.clear();
    this.#audit.fill(0);
    this.#firstFormatAudit?.fill(0);
    for (const key of [...Object.values(this.#digests), ...this.#closedChains.values()]) key.fill(0);
    this.#closedChains.clear();
  }
}

const CARRIED_BINDING: KeyBinding = {
  purpose: "carried",
  keyId: "",
  versionId: "",
  keySpec: "Aliyun_AES_256",
  keyUsage: "ENCRYPT/DECRYPT",
  origin: "Aliyun_KMS",
  protectionLevel: "SOFTWARE",
  mode: "NONE",
};

const CLOSED_CHAINS_BINDING: KeyBinding = { ...CARRIED_BINDING, versionId: "closed-chains" };

function bindingAad(binding: KeyBinding): Uint8Array {
  const { keySpec, keyUsage, origin, protectionLevel, mode } = binding;
  return lengthPrefixed([FORMAT, keySpec, keyUsage, origin, protectionLevel, mode]);
}

function damaged(keyId: string, cause?: unknown): LanelockError {
  const what = keyId === "" ? "the store's own keys" : `key ${keyId}`;
  return new LanelockError(
    "ERR_INTEGRITY",
    `The stored material of ${what} is not what was written there. Restore the store from a backup.`,
    { cause },
  );
}
