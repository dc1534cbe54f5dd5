#!/usr/bin/env node
import { describeFailure, exitStatus } from "./report/failures.ts";

// Whoever reads the output may have seen enough: that is no error to tell, and what the command did is done.
process.stdout.on("error", () => {
  process.exitCode ||= 1;
});

/** The `lanelock` command. Everything else is loaded from here, so that a missing package can be told. */
try {
  const { runProgram } = await import("./program.ts");
  await runProgram(process.argv.slice(2));
} catch (error) {
  const message = describeFailure(error);
  if (message !== "") process.stderr.write(`lanelock: ${message}\n`);
  process.exitCode = exitStatus(error);
}
