// The secrets that the engine gives away on purpose, because they are the answer. A finding that is not here is a leak.
import type { Finding } from "./taint.ts";

export interface Declassified {
  /** In calls of which exports. */
  readonly exports: RegExp;
  readonly need: Finding["need"];
  /** The instruction from whose result alone the value comes. */
  readonly verdictOf: string;
  readonly reason: string;
}

export const declassified: readonly Declassified[] = [
  {
    exports: /^(aes|sm4)GcmOpen$/,
    need: "branch",
    verdictOf: "v128.any_true",
    reason: "whether a message is authentic is what its caller asks; nothing is decrypted otherwise",
  },
  {
    exports: /^(aes|sm4)GcmOpenMany$/,
    need: "branch",
    verdictOf: "v128.any_true",
    reason: "whether each message is authentic is what the caller asks; the text of the others is zeroed",
  },
  {
    exports: /^aesGcmSivOpen$/,
    need: "branch",
    verdictOf: "v128.any_true",
    reason: "whether a message is authentic is what its caller asks; its text is zeroed otherwise",
  },
];
