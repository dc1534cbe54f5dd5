import { expect } from "vitest";
import type { SuiteResult } from "./stand-ins/vitest.ts";

/** What a host says of the suites. */
export interface HostReport {
  readonly results: readonly SuiteResult[];
  /** The build of the engine that was loaded there. */
  readonly build: string;
}

/** Every test passed, but for the control, which has to fail. */
export function expectPassed(host: string, { results, build }: HostReport): void {
  const failed = results.filter(({ failure }) => failure !== undefined);
  console.log(`${results.length - failed.length} tests passed in ${host}, ${build} build`);
  expect(
    failed.map(({ name }) => name),
    failed[0]?.failure,
  ).toEqual(["control > a wrong byte fails a test"]);
  expect(results.length).toBeGreaterThan(120);
}
