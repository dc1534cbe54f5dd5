#!/usr/bin/env node
import { describeFailure, exitStatus } from "./failures.ts";

/** The `lanelock` command. Everything else is loaded from here, so that a missing package can be told. */
try {
  const { runProgram } = await import("./program.ts");
  await runProgram(process.argv.slice(2));
} catch (error) {
  const message = describeFailure(error);
  if (message !== "") process.stderr.write(`lanelock: ${message}\n`);
  process.exitCode = exitStatus(error);
}
