import { LanelockError } from "../errors.ts";

/** How far a message is. */
export interface Progress {
  /** Plaintext bytes that are done; where threads or WebCrypto work them, those at work are counted too. */
  readonly bytes: number;
  /** Plaintext bytes in all, where they are known. */
  readonly total: number | undefined;
}

export interface MessageOptions {
  /** Ends the work: it fails with the signal's reason, and what it held is wiped. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every run of segments is result, or handed to threads or WebCrypto. What it throws ends the message. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A copy of the options. @throws LanelockError `ERR_ARGUMENT` */
export function checkMessageOptions<Options extends MessageOptions>(
  options: Options | undefined,
): Options | MessageOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null || ArrayBuffer.isView(options)) {
    throw new LanelockError("ERR_ARGUMENT", "options must be an object, such as { signal } or { onProgress }");
  }
  const copy = { ...options };
  const { signal, onProgress } = copy;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new LanelockError("ERR_ARGUMENT", "signal must be an AbortSignal");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new LanelockError("ERR_ARGUMENT", "onProgress must be a function");
  }
  return copy;
}

/** Counts the plaintext of one message. */
export class ProgressCount {
  readonly #onProgress: MessageOptions["onProgress"];
  readonly #total: number | undefined;
  #bytes = 0;

  constructor(onProgress: MessageOptions["onProgress"], total: number | undefined) {
    this.#onProgress = onProgress;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#onProgress?.({ bytes: this.#bytes, total: this.#total });
  }
}
