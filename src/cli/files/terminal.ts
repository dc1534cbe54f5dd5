import { isatty } from "node:tty";
import { UsageError } from "../report/failures.ts";
import { isStandard, type Sink } from "./sink.ts";

/** Characters that change a terminal's settings: control characters except tab, line feed and carriage return. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the search is for them.
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** Whether an output that no option names goes to a terminal. */
export function isTerminal(out: string | undefined): boolean {
  return isStandard(out) && isatty(1);
}

interface BinaryOutput {
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
  /** Whether the command could write base64, and whether it does. */
  readonly base64?: boolean | undefined;
}

/**
 * Refuses a command whose output is never text, before it reads anything.
 *
 * @param remedies the command's alternatives to `--out`
 * @throws UsageError
 */
export function refuseTerminal({ out, force, base64 }: BinaryOutput, what: string, remedies: readonly string[]): void {
  if (!isTerminal(out) || force || base64) return;
  throw binary(what, remedies);
}

/** A sink on a terminal. It takes text, and refuses the first bytes that are not text. */
export function textOnly(sink: Sink): Sink {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const check = (bytes?: Uint8Array) => {
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw binary("The output", ["--out FILE"]);
    }
    if (CONTROL.test(text)) throw binary("The output", ["--out FILE"]);
  };
  return {
    write: (bytes) => {
      check(bytes);
      return sink.write(bytes);
    },
    commit: async () => {
      check();
      await sink.commit();
    },
    discard: () => sink.discard(),
  };
}

function binary(what: string, remedies: readonly string[]): UsageError {
  const choices = `${remedies.join(", ")} or --force`;
  return new UsageError(`${what} is binary, which a terminal cannot show. Use ${choices}.`);
}
