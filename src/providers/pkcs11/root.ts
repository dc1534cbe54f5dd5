import { randomBytes } from "node:crypto";
import { LanelockError } from "../../errors.ts";
import type { RootKeySource, UnlockedRoot, UnlockRequest } from "../../kms/ports/index.ts";
import { codeOf } from "../../shared/thrown.ts";
import { TokenCipherKey } from "./keys/aes-key.ts";
import { newId } from "./objects/new-objects.ts";
import { aesIdentity, generateAesKey } from "./objects/secret-keys.ts";
import { MissingObject, readAttributes, searchToken, TokenObject } from "./objects/token-object.ts";
import type { TokenOptions } from "./session/connection-options.ts";
import { CKA, CKM } from "./session/constants.ts";
import { checkTokenOptions } from "./session/options.ts";
import { Token } from "./session/token.ts";
import { providerError } from "./session/token-error.ts";

// What the store keeps: form 1 (1) ‖ CKA_ID length (1) ‖ CKA_ID ‖ IV (12) ‖ sealed store secret (32 + 16)

const form = 1;
const secretLength = 32;
const ivLength = 12;
const sealedLength = ivLength + secretLength + 16;

export interface Pkcs11RootOptions extends TokenOptions {
  /** CKA_LABEL of the AES-256 key that seals the stores' secrets. It is made if no key has the label. */
  readonly label: string;
}

/** A root key source whose secret only a token can open. Made by `pkcs11Root()`. */
export class Pkcs11Root implements RootKeySource {
  readonly name: string;
  readonly #options: Pkcs11RootOptions;
  #token: Promise<Token> | undefined;

  constructor(options: Pkcs11RootOptions) {
    checkTokenOptions(options, "pkcs11Root()", ["label"]);
    if (typeof options.label !== "string" || options.label === "") {
      throw new LanelockError("ERR_ARGUMENT", 'The option "label" of pkcs11Root() must be the label of a key.');
    }
    this.#options = options;
    this.name = `key "${options.label}" of the PKCS#11 module ${options.module}`;
  }

  async unlock({ storeId, sealed, signal }: UnlockRequest): Promise<UnlockedRoot> {
    const token = await this.#opened();
    try {
      return sealed
        ? await this.#open(token, { storeId, sealed, signal })
        : await this.#seal(token, { storeId, signal });
    } catch (error) {
      throw providerError(token.name, error, signal);
    }
  }

  async close(): Promise<void> {
    const opening = this.#token;
    this.#token = undefined;
    const token = await opening?.catch(() => undefined);
    await token?.close();
  }

  /** The token, opened once for concurrent callers. After a failure the next caller tries again. */
  #opened(): Promise<Token> {
    this.#token ??= Token.open(this.#options).catch((error: unknown) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  /** Makes the secret of a new store, and its sealed form, which the store keeps. */
  async #seal(token: Token, { storeId, signal }: UnlockRequest): Promise<UnlockedRoot> {
    const id = (await this.#existingKey(token)) ?? (await this.#newKey(token, signal));
    const secret = new Uint8Array(randomBytes(secretLength));
    const iv = randomBytes(ivLength);
    const key = this.#key(token, id);
    const ciphertext = await key.encrypt({ iv, data: secret, aad: Buffer.from(storeId), signal });
    const sealed = new Uint8Array(Buffer.concat([Buffer.of(form, id.length), id, iv, ciphertext]));
    return { secret, sealed };
  }

  async #open(token: Token, { storeId, sealed = new Uint8Array(), signal }: UnlockRequest): Promise<UnlockedRoot> {
    const bytes = Buffer.from(sealed);
    const idEnd = 2 + (bytes[1] ?? 0);
    if (bytes[0] !== form || bytes.length !== idEnd + sealedLength) {
      throw new LanelockError(
        "ERR_KEY",
        "A token did not seal this store's secret: open it with the rootKey that it was made with.",
      );
    }
    const iv = bytes.subarray(idEnd, idEnd + ivLength);
    const data = bytes.subarray(idEnd + ivLength);
    const key = await this.#presentKey(token, bytes.subarray(2, idEnd));
    try {
      const secret = await key.decrypt({ iv, data, aad: Buffer.from(storeId), signal });
      return { secret, sealed };
    } catch (cause) {
      if (codeOf(cause) !== "ERR_AUTHENTICATION") throw cause;
      const { label } = this.#options;
      throw new LanelockError("ERR_KEY", `The key "${label}" of the token ${token.name} does not open this store.`, {
        cause,
      });
    }
  }

  #key(token: Token, id: Buffer): TokenCipherKey {
    const object = new TokenObject(token, aesIdentity({ id, label: this.#options.label }));
    return new TokenCipherKey(object, { mode: "GCM", mechanism: CKM.AES_GCM });
  }

  /** A token that answers without having the key is the wrong token, not a failing one. */
  async #presentKey(token: Token, id: Buffer): Promise<TokenCipherKey> {
    const { label } = this.#options;
    try {
      await new TokenObject(token, aesIdentity({ id, label })).locate();
    } catch (cause) {
      // The class is made in token-object.ts alone.
      if (!(cause instanceof MissingObject)) throw cause;
      throw new LanelockError("ERR_KEY", `The key that opens this store is not on the token. ${cause.message}`, {
        cause,
      });
    }
    return this.#key(token, id);
  }

  async #newKey(token: Token, signal: AbortSignal | undefined): Promise<Buffer> {
    const id = newId();
    const { label } = this.#options;
    await generateAesKey(token, { id, label, signal, mechanism: CKM.AES_GCM, length: 32 });
    return id;
  }

  /** The CKA_ID of a key that has the label already, if it is one that seals; undefined when nothing has the label. */
  async #existingKey(token: Token): Promise<Buffer | undefined> {
    const { label } = this.#options;
    const refuse = (reason: string) =>
      new LanelockError("ERR_PROVIDER", `The token ${token.name} has ${reason} with the label "${label}".`);
    return searchToken(token, [{ type: CKA.LABEL, value: label }], (session, found) => {
      const [handle, another] = found;
      if (handle === undefined) return undefined;
      if (another) throw refuse(`${found.length} objects`);
      const read = (...types: number[]) => readAttributes(token, { session, handle, types });
      const [objectClass] = read(CKA.CLASS);
      const { objectClass: wantedClass, keyType: wantedType } = aesIdentity({ label });
      if (objectClass?.readUInt32LE(0) !== wantedClass) throw refuse("an object that is no secret key");
      const [keyType, length] = read(CKA.KEY_TYPE, CKA.VALUE_LEN);
      if (keyType?.readUInt32LE(0) !== wantedType || length?.readUInt32LE(0) !== 32)
        throw refuse("a key that is not AES-256");
      const [sensitive, extractable, encrypts, decrypts, id] = read(
        ...[CKA.SENSITIVE, CKA.EXTRACTABLE, CKA.ENCRYPT, CKA.DECRYPT, CKA.ID],
      );
      if (sensitive?.[0] !== 1 || extractable?.[0] !== 0) throw refuse("an AES key that may leave it");
      if (encrypts?.[0] !== 1 || decrypts?.[0] !== 1) throw refuse("an AES key that may not encrypt and decrypt");
      if (!id || id.length === 0 || id.length > 255) throw refuse("an AES key without a CKA_ID");
      return id;
    });
  }
}
