import { fileError } from "../files/file-error.ts";
import { asksForJson, describeFailure } from "./failures.ts";

/**
 * Listens for errors of standard output. A reader that has seen enough is no error to report: what the command did is done, and only
 * its exit status says that not all was read. A disk that is full is one.
 */
export function watchStandardOutput(args: readonly string[]): void {
  process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
    process.exitCode ||= 1;
    if (cause.code === "EPIPE") return;
    const error = fileError(cause, { verb: "write", name: "standard output" });
    process.stderr.write(`${describeFailure(error, { json: asksForJson(args) })}\n`);
  });
}
