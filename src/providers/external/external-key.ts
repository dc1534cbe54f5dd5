import { LanelockError } from "../../errors.ts";
import { KmsError } from "../../kms/ports/errors.ts";
import type { CipherKey, CipherMode, CipherRequest } from "../../kms/ports/index.ts";
import { codeOf, messageOf } from "../../shared/thrown.ts";
import { type ManagerConnection, ManagerRefusal } from "./connection.ts";
import { type CipherMessage, fromBase64, paths } from "./protocol.ts";

const blockLength = 16;
const tagLength = 16;
const refusedCiphertext = ["ERR_AUTHENTICATION", "ERR_PADDING", "ERR_LENGTH"];

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** A key that an external key manager keeps and uses, in one mode. */
export class ExternalKey implements CipherKey {
  readonly #connection: ManagerConnection;
  readonly #name: string;
  readonly #mode: CipherMode;
  readonly #verifyEncrypt: boolean;
  #disposed = false;

  constructor(
    connection: ManagerConnection,
    { name, mode, verifyEncrypt }: { name: string; mode: CipherMode; verifyEncrypt: boolean },
  ) {
    this.#connection = connection;
    this.#name = name;
    this.#mode = mode;
    this.#verifyEncrypt = verifyEncrypt;
  }

  async encrypt(request: CipherRequest): Promise<Uint8Array> {
    const length = this.#ciphertextLength(request);
    const sealed = await this.#call("encrypt", request);
    if (sealed.length !== length) throw this.#lied(`returned ${sealed.length} bytes instead of ${length}`);
    if (this.#verifyEncrypt) await this.#verify(request, sealed);
    return sealed;
  }

  async decrypt(request: CipherRequest): Promise<Uint8Array> {
    const [least, most] = this.#plaintextLengths(request);
    const opened = await this.#call("decrypt", request);
    if (opened.length >= least && opened.length <= most) return opened;
    throw this.#lied(`returned ${opened.length} bytes instead of ${least} to ${most}`);
  }

  dispose(): void {
    this.#disposed = true;
  }

  /** Decrypts a new ciphertext, while the caller still has the plaintext that a wrong one would lose. */
  async #verify(request: CipherRequest, sealed: Uint8Array): Promise<void> {
    const opened = await this.#call("decrypt", { ...request, data: sealed }).catch((error) => {
      if (refusedCiphertext.includes(codeOf(error) ?? "")) return undefined;
      throw error;
    });
    if (opened && Buffer.compare(opened, request.data) === 0) return;
    throw this.#lied("returned a ciphertext that does not decrypt to what was encrypted");
  }

  #ciphertextLength({ data, padding }: CipherRequest): number {
    if (this.#mode === "GCM") return data.length + tagLength;
    if (padding === "PKCS7_PADDING") return data.length + blockLength - (data.length % blockLength);
    requireBlocks(data);
    return data.length;
  }

  /** The least and the greatest possible length of the plaintext. */
  #plaintextLengths({ data, padding }: CipherRequest): [number, number] {
    if (this.#mode === "GCM") {
      const length = data.length - tagLength;
      if (length < 0) throw new LanelockError("ERR_LENGTH", "GCM ciphertext has at least the 16 bytes of its tag");
      return [length, length];
    }
    requireBlocks(data);
    if (padding !== "PKCS7_PADDING") return [data.length, data.length];
    if (data.length === 0)
      throw new LanelockError("ERR_LENGTH", "Padded ciphertext has at least one block of 16 bytes");
    return [data.length - blockLength, data.length - 1];
  }

  async #call(kind: "encrypt" | "decrypt", request: CipherRequest): Promise<Uint8Array> {
    if (this.#disposed) throw new LanelockError("ERR_STATE", "This key was disposed of");
    const { data, iv, aad, padding, signal } = request;
    const body: CipherMessage = {
      mode: this.#mode,
      ...(this.#mode === "ECB" ? {} : { iv: base64(iv) }),
      ...(aad ? { aad: base64(aad) } : {}),
      ...(padding && this.#mode !== "GCM" ? { padding } : {}),
      data: base64(data),
    };
    try {
      const answer = await this.#connection.call({ method: "POST", path: paths[kind](this.#name), body, signal });
      const bytes = fromBase64(answer.data);
      if (bytes) return new Uint8Array(bytes);
    } catch (error) {
      throw translated(error, this.#connection.name, signal);
    }
    throw this.#lied("returned no data");
  }

  #lied(what: string): LanelockError {
    return new LanelockError("ERR_PROVIDER", `The key manager ${this.#connection.name} ${what}.`);
  }
}

/** A refusal as an error of the KMS, and a foreign error as `ERR_PROVIDER`. Our own errors and the signal's reason pass. */
export function translated(error: unknown, manager: string, signal?: AbortSignal): unknown {
  // Both classes are of this copy of the package; only Node throws anything else here.
  if (!(error instanceof ManagerRefusal)) {
    if (error instanceof LanelockError || (signal?.aborted && error === signal.reason)) return error;
    const message = `The key of the key manager ${manager} cannot be used: ${messageOf(error)}. Try again.`;
    return new LanelockError("ERR_PROVIDER", message, { cause: error });
  }
  switch (error.refusal) {
    case "authentication":
      return new LanelockError("ERR_AUTHENTICATION", "The ciphertext does not authenticate");
    case "padding":
      return new LanelockError("ERR_PADDING", "The padding is not valid");
    case "length":
      return new LanelockError("ERR_LENGTH", "The data has a length that the mode does not take");
    case "unsupported": {
      const message = `This action is not supported. The key manager ${manager} cannot do it: ${error.message}`;
      return new KmsError("UnsupportedOperation", message, { cause: error });
    }
    default: {
      const message = `The key manager ${manager} refused (${error.refusal}): ${error.message}`;
      return new LanelockError("ERR_PROVIDER", message, { cause: error });
    }
  }
}

function requireBlocks({ length }: Uint8Array): void {
  if (length % blockLength !== 0) throw new LanelockError("ERR_LENGTH", "CBC and ECB take multiples of 16 bytes");
}
