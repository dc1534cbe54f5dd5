import { fileError } from "../files/file-error.ts";
import { asksForJson, describeFailure } from "./failures.ts";

/**
 * Listens for errors of standard output, and reports one when the process ends. If the reader closes a pipe
 * early, that is not reported: the command has done its work, and only its exit status shows that not all was read. A full disk is
 * reported.
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
