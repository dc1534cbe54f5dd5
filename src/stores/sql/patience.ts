import { performance, setTimeout } from "../../shared/timers.ts";
import { isBusy } from "./store-failure.ts";

const PATIENCE_MILLISECONDS = 10_000;

/** Repeats an attempt that found the database locked by another process, for ten seconds, without blocking the thread. */
export async function patiently<T>(attempt: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await new Promise<void>((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
    }
  }
}
