import { performance, setImmediate } from "./timers.ts";

/** How long a task may hold the thread before timers, sockets and other messages get their turn. */
const HOLD_MILLISECONDS = 10;

let turnStarted = 0;

/** Waits for a turn of the event loop if the last is long ago; otherwise returns `undefined`. Call it between batches of a long message. */
export function pause(): Promise<void> | undefined {
  return performance.now() - turnStarted < HOLD_MILLISECONDS ? undefined : nextTurn().then(startTurn);
}

function startTurn(): void {
  turnStarted = performance.now();
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
