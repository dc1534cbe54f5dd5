import { randomBytes } from "node:crypto";
import { LanelockError } from "../../../errors.ts";
import type { CipherKey, CipherMode, CipherRequest, MaybePromise } from "../../../kms/ports/index.ts";
import { isPromise, whenReady } from "../../../shared/maybe-promise.ts";
import { padPkcs7, unpadPkcs7 } from "../../pkcs7.ts";
import { type Operation, operate } from "../objects/operation.ts";
import type { TokenObject } from "../objects/token-object.ts";
import { CKM, PARAMETERS } from "../session/constants.ts";
import type { Mechanism } from "../session/cryptoki.ts";
import { providerError, TokenError } from "../session/token-error.ts";
import { judgeRefusal } from "./refused-ciphertext.ts";

const blockLength = 16;
const tagLength = 16;
const tagBits = tagLength * 8;

/** The mechanism of each mode. CBC and ECB are padded here, so that a token's check of the padding cannot leak. */
export const aesMechanisms = { GCM: CKM.AES_GCM, CBC: CKM.AES_CBC, ECB: CKM.AES_ECB } as const;

/** A symmetric key object of a token, of AES or of a vendor's SM4, for one mode. */
export class TokenCipherKey implements CipherKey {
  readonly #object: TokenObject;
  readonly #mode: CipherMode;
  readonly #mechanism: number;
  #disposed = false;

  constructor(object: TokenObject, { mode, mechanism }: { mode: CipherMode; mechanism: number }) {
    this.#object = object;
    this.#mode = mode;
    this.#mechanism = mechanism;
  }

  encrypt(request: CipherRequest): MaybePromise<Uint8Array> {
    this.#requireLive();
    const { data, padding } = request;
    if (this.#mode === "GCM") return this.#run("encrypt", request, data.length + tagLength);
    if (padding !== "PKCS7_PADDING") return this.#wholeBlocks("encrypt", request);
    const padded = padPkcs7(data);
    const wipe = () => padded.fill(0);
    try {
      const encrypted = this.#run("encrypt", { ...request, data: padded }, padded.length);
      if (isPromise(encrypted)) return encrypted.finally(wipe);
      wipe();
      return encrypted;
    } catch (error) {
      wipe();
      throw error;
    }
  }

  decrypt(request: CipherRequest): MaybePromise<Uint8Array> {
    this.#requireLive();
    const { data, padding } = request;
    if (this.#mode === "GCM") return this.#open(request);
    if (padding !== "PKCS7_PADDING") return this.#wholeBlocks("decrypt", request);
    if (data.length === 0)
      throw new LanelockError("ERR_LENGTH", "Padded ciphertext has at least one block of 16 bytes");
    const padded = this.#wholeBlocks("decrypt", request);
    return whenReady(padded, unpadAndWipe);
  }

  dispose(): void {
    this.#disposed = true;
  }

  #requireLive(): void {
    if (this.#disposed) throw new LanelockError("ERR_STATE", "This key was disposed of");
  }

  #operation(kind: "encrypt" | "decrypt", request: CipherRequest): Operation {
    const { data, signal } = request;
    // Some tokens want a buffer as long as the ciphertext when they decrypt.
    const room = kind === "encrypt" && this.#mode === "GCM" ? data.length + tagLength : data.length;
    return { kind, mechanism: this.#parameters(request), data, room, quick: data.length <= 16_384, signal };
  }

  /** The begin call reads IV and AAD and keeps no reference, so they need no copy. */
  #parameters({ iv, aad }: CipherRequest): Mechanism {
    const mechanism = this.#mechanism;
    if (this.#mode === "ECB") return { mechanism };
    if (this.#mode === "CBC") return { mechanism, parameter: Buffer.from(iv.buffer, iv.byteOffset, iv.length) };
    const [type, ivBits] = [PARAMETERS.GCM, iv.length * 8];
    if (aad === undefined || aad.length === 0) return { mechanism, parameter: { type, iv, ivBits, tagBits } };
    return { mechanism, parameter: { type, iv, ivBits, aad, tagBits } };
  }

  #wholeBlocks(kind: "encrypt" | "decrypt", request: CipherRequest): MaybePromise<Uint8Array> {
    const { length } = request.data;
    if (length % blockLength !== 0) throw new LanelockError("ERR_LENGTH", "CBC and ECB take multiples of 16 bytes");
    return length === 0 ? new Uint8Array(0) : this.#run(kind, request, length);
  }

  /** Runs an operation whose failure is always the token's. */
  #run(kind: "encrypt" | "decrypt", request: CipherRequest, length: number): MaybePromise<Uint8Array> {
    const check = (output: Buffer) => {
      if (output.length !== length) throw this.#wrongLength(output.length, length);
      return new Uint8Array(output.buffer, output.byteOffset, length);
    };
    try {
      const output = operate(this.#object, this.#operation(kind, request));
      return isPromise(output) ? output.then(check).catch((error) => this.#fail(error, request)) : check(output);
    } catch (error) {
      return this.#fail(error, request);
    }
  }

  #open(request: CipherRequest): MaybePromise<Uint8Array> {
    const length = request.data.length - tagLength;
    if (length < 0) throw new LanelockError("ERR_LENGTH", "GCM ciphertext has at least the 16 bytes of its tag");
    const take = (output: Buffer) => {
      if (output.length !== length) throw this.#wrongLength(output.length, length);
      const plaintext = new Uint8Array(output);
      output.fill(0);
      return plaintext;
    };
    try {
      const output = operate(this.#object, this.#operation("decrypt", request));
      return isPromise(output) ? output.then(take).catch((error) => this.#judge(error, request)) : take(output);
    } catch (error) {
      return this.#judge(error, request);
    }
  }

  /** Nobody sees the probe's ciphertext, so its random IV does not count towards the key's 2^32 (SP 800-38D §8.3). */
  async #judge(error: unknown, request: CipherRequest): Promise<Uint8Array> {
    const run = (kind: "encrypt" | "decrypt", of: CipherRequest) => operate(this.#object, this.#operation(kind, of));
    const probe = async () => {
      const fresh = { iv: randomBytes(12), data: randomBytes(16), signal: request.signal };
      const opened = await run("decrypt", { ...fresh, data: await run("encrypt", fresh) });
      return opened.equals(fresh.data);
    };
    try {
      return await judgeRefusal(error, { probe, again: async () => new Uint8Array(await run("decrypt", request)) });
    } catch (reason) {
      return this.#fail(reason, request);
    }
  }

  #fail(error: unknown, { signal }: CipherRequest): never {
    throw providerError(this.#object.token.name, error, signal);
  }

  #wrongLength(given: number, wanted: number): LanelockError {
    const message = `The token ${this.#object.token.name} returned ${given} bytes instead of ${wanted}.`;
    return new LanelockError("ERR_PROVIDER", message, { cause: new TokenError("CKR_OK", "of a wrong length") });
  }
}

function unpadAndWipe(padded: Uint8Array): Uint8Array {
  try {
    return unpadPkcs7(padded);
  } finally {
    padded.fill(0);
  }
}
