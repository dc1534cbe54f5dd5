import { createHash } from "node:crypto";
import { KmsError } from "../kms/ports/errors.ts";
import type { CipherMode, CipherRequest } from "../kms/ports/index.ts";
import { aesMechanisms, TokenCipherKey } from "../providers/pkcs11/keys/aes-key.ts";
import { newId } from "../providers/pkcs11/objects/new-objects.ts";
import { aesIdentity, generateAesKey } from "../providers/pkcs11/objects/secret-keys.ts";
import { destroyObjects, TokenObject, templateOf } from "../providers/pkcs11/objects/token-object.ts";
import type { TokenOptions } from "../providers/pkcs11/session/connection-options.ts";
import { CKF, CKM } from "../providers/pkcs11/session/constants.ts";
import { Token } from "../providers/pkcs11/session/token.ts";

/** A client's key. The name is the CKA_ID in hexadecimal; the label has client and mode. */
export interface KeyReference {
  readonly client: string;
  readonly mode: CipherMode;
  readonly name: string;
}

const keyLength = 32;
const maxKnown = 1000;

/** The keys of an external proxy: AES-256 objects of a token, each of one mode and one client. */
export class TokenKeys {
  readonly #token: Token;
  readonly #known = new Map<string, TokenCipherKey>();

  private constructor(token: Token) {
    this.#token = token;
  }

  static async open(options: TokenOptions): Promise<TokenKeys> {
    return new TokenKeys(await Token.open(options));
  }

  get name(): string {
    return this.#token.name;
  }

  /** The modes for which the token has a mechanism. */
  get modes(): CipherMode[] {
    const can = (mechanism: number, flags: number) => {
      const info = this.#token.mechanisms.get(mechanism);
      return info !== undefined && (info.flags & flags) === flags;
    };
    if (!can(CKM.AES_KEY_GEN, CKF.GENERATE)) return [];
    const modes: readonly CipherMode[] = ["GCM", "CBC", "ECB"];
    return modes.filter((mode) => can(aesMechanisms[mode], CKF.ENCRYPT | CKF.DECRYPT));
  }

  async create({ client, mode }: Omit<KeyReference, "name">): Promise<string> {
    if (!this.modes.includes(mode)) {
      throw new KmsError("UnsupportedOperation", `The token ${this.name} has no mechanism for AES-${mode}.`);
    }
    const id = newId();
    const label = labelOf({ client, mode });
    await generateAesKey(this.#token, { id, label, mechanism: aesMechanisms[mode], length: keyLength });
    return id.toString("hex");
  }

  async work(kind: "encrypt" | "decrypt", key: KeyReference, request: CipherRequest): Promise<Uint8Array> {
    return this.#key(key)[kind](request);
  }

  async destroy(key: KeyReference): Promise<void> {
    this.#known.delete(JSON.stringify(key));
    await destroyObjects(this.#token, templateOf(identityOf(key)));
  }

  async close(): Promise<void> {
    await this.#token.close();
  }

  /** Its handle is cached for the next call. */
  #key(key: KeyReference): TokenCipherKey {
    const place = JSON.stringify(key);
    const known = this.#known.get(place);
    if (known) return known;
    const { mode } = key;
    const object = new TokenObject(this.#token, identityOf(key));
    const made = new TokenCipherKey(object, { mode, mechanism: aesMechanisms[mode] });
    const [oldest] = this.#known.keys();
    if (this.#known.size >= maxKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(place, made);
    return made;
  }
}

function identityOf(key: KeyReference) {
  return aesIdentity({ id: Buffer.from(key.name, "hex"), label: labelOf(key) });
}

/** Binds a key to its client and mode, so that no other client and no other mode can use it by its name. */
function labelOf({ client, mode }: Omit<KeyReference, "name">): string {
  const owner = createHash("sha256").update(client).digest("hex").slice(0, 32);
  return `lanelock-external:${owner}:${mode}`;
}
