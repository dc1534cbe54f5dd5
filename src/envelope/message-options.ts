import { LanelockError } from "../errors.ts";
import { isAbortSignal } from "../shared/abortable.ts";
import { checkNames } from "../shared/known-names.ts";

/** The progress of one message. */
export interface Progress {
  /** Plaintext bytes done so far. Includes bytes that threads or WebCrypto are still processing. */
  readonly bytes: number;
  /** Plaintext bytes in all, if known. */
  readonly total: number | undefined;
}

export interface MessageOptions {
  /** Aborting it ends the call, which fails with the signal's reason and wipes everything it held. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch of segments is done, or passed to threads or WebCrypto. If it throws, the message fails with that error. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export const MESSAGE_OPTIONS = ["signal", "onProgress"] as const;

/** Whether a value can be an options object. A list or a Map has no named fields, so its content would silently be ignored. */
export function isOptionsObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && !(Symbol.iterator in value);
}

/**
 * Refuses options that are not an object, and unknown options.
 *
 * @param whose the method, for the message: `seal()`
 * @throws LanelockError `ERR_ARGUMENT`
 */
export function checkOptionsObject(options: unknown, known: readonly string[], whose: string): void {
  if (!isOptionsObject(options)) {
    const form = `{ ${known.join(", ")} }`;
    throw new LanelockError("ERR_ARGUMENT", `The options of ${whose} must be an object with any of ${form}`);
  }
  checkNames(options, known, whose);
}

/** Reads the options that every message has, each once. @throws LanelockError `ERR_ARGUMENT` */
export function readMessageOptions(options: MessageOptions | undefined, whose: string): MessageOptions {
  if (options === undefined) return {};
  checkOptionsObject(options, MESSAGE_OPTIONS, whose);
  return checkedMessageOptions(options);
}

/** @throws LanelockError `ERR_ARGUMENT` */
export function checkedMessageOptions({ signal, onProgress }: MessageOptions): MessageOptions {
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw new LanelockError("ERR_ARGUMENT", "signal must be an AbortSignal");
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new LanelockError("ERR_ARGUMENT", "onProgress must be a function");
  }
  return { signal, onProgress };
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
