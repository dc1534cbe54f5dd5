import { fileError } from "../files/file-error.ts";
import { asksForJson, describeFailure } from "./failures.ts";

/**
 * Listens for errors of standard output, and reports one when the process ends. A reader that has seen enough is no error to report: what
 * the command did is done, and only its exit status says that not all was read. A disk that is full is one.
 *
 * @returns a function to call when the command's own failure has been reported, which is then the only one
 */
export function watchStandardOutput(args: readonly string[]): () => void {
  let failure: unknown;
  process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
    process.exitCode ||= 1;
    if (cause.code !== "EPIPE") failure ??= fileError(cause, { verb: "write", name: "standard output" });
  });
  process.once("exit", () => {
    if (failure !== undefined) process.stderr.write(`${describeFailure(failure, { json: asksForJson(args) })}\n`);
  });
  return () => {
    failure = undefined;
  };
}
