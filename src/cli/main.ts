#!/usr/bin/env node
import { asksForJson, describeFailure, exitStatus } from "./report/failures.ts";
import { watchStandardOutput } from "./report/standard-output.ts";

const args = process.argv.slice(2);
const outputIsReported = watchStandardOutput(args);

/** The `lanelock` command. Everything else is loaded from here, so that a missing package can be named. */
try {
  const { runProgram } = await import("./program.ts");
  await runProgram(args);
} catch (error) {
  const line = describeFailure(error, { json: asksForJson(args) });
  if (line !== "") {
    outputIsReported();
    process.stderr.write(`${line}\n`);
  }
  process.exitCode = exitStatus(error);
}
