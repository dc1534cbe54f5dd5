import { LanelockError } from "lanelock";
import type { Failure } from "./messages.ts";

/** An error for the page, as it is. The library's have a code; the browser's have a name. */
export function failureOf(error: unknown): Failure {
  if (error instanceof LanelockError) return { code: error.code, message: error.message };
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: "Error", message: String(error) };
}
