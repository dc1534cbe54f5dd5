import { checkLength } from "../length.ts";
import { checkedMessageOptions, checkOptionsObject, MESSAGE_OPTIONS, type MessageOptions } from "../message-options.ts";

export interface SealStreamOptions extends MessageOptions {
  /**
   * The number of bytes that will be written, if you know it. It allows a cached data key and gives progress a total. A stream of
   * any other length fails with `ERR_LENGTH`.
   */
  readonly length?: number | undefined;
}

/** Reads the options of `sealStream`, each once. @throws LanelockError `ERR_ARGUMENT` */
export function readSealStreamOptions(options: SealStreamOptions | undefined, whose: string): SealStreamOptions {
  if (options === undefined) return {};
  checkOptionsObject(options, [...MESSAGE_OPTIONS, "length"], whose);
  const { length } = options;
  if (length !== undefined) checkLength(length, "length");
  return { ...checkedMessageOptions(options), length };
}
