import { performance } from "node:perf_hooks";
import { createContext, runInContext } from "node:vm";

// Two ways to end a call of the engine between any two of its steps.

/** Takes a word of stack for each argument it is given. */
function withArguments(work: () => void): void {
  work();
}

/** Runs `work` where the stack has room for about `frames` frames less `words` words, and says whether it was begun. */
function run(work: () => void, frames: number, words: number): boolean {
  const padding = Array.from({ length: words }, () => 0);
  let left = frames;
  let begun = false;
  const descend = () => {
    try {
      descend();
    } catch {
      // The stack is exhausted below here.
    }
    left -= 1;
    if (left !== 0) return;
    try {
      Reflect.apply(withArguments, undefined, [
        () => {
          begun = true;
          work();
        },
        ...padding,
      ]);
    } catch (error) {
      if (!(error instanceof RangeError)) failure = error;
    }
  };
  let failure: unknown;
  descend();
  if (failure !== undefined) throw failure;
  return begun;
}

/** So many frames from the end, every call of the engine has all the stack it needs. */
const FRAMES = 150;

/** The most words that can be taken there and still let work begin. */
function mostWords(): number {
  let [enough, tooMany] = [0, 65_536];
  while (tooMany - enough > 1) {
    const middle = (enough + tooMany) >> 1;
    if (run(() => undefined, FRAMES, middle)) enough = middle;
    else tooMany = middle;
  }
  return enough;
}

/**
 * Runs `work` at `depths` depths of the stack, from where it cannot even begin to where it has all the room it needs, and `after`
 * each time.
 */
export function atEveryDepth(depths: number, work: () => void, after: (index: number) => void): void {
  // Once with room: what has not run yet is compiled first, which takes more stack than there is to be.
  work();
  after(-1);
  for (let round = 0; round < 20; round += 1) run(() => undefined, 3000, 0);
  let most = 0;
  for (let index = 0; index < depths; index += 1) {
    // Compiled code has smaller frames than interpreted code: the span is measured again and again, and a little beyond it taken.
    if (index % 55 === 0) most = mostWords() + 64;
    // Densest near the end, where calls fail.
    const words = Math.floor(most - (most - 16) * (index / depths) ** 2);
    run(work, FRAMES, Math.max(words, 0));
    after(index);
  }
}

/** Runs `work` again and again until a time-out ends it, wherever it is then; not even `finally` runs. */
export function timeOut(work: () => void): void {
  const context = createContext({ work });
  const start = performance.now();
  try {
    runInContext("for (;;) work();", context, { timeout: 1 + Math.floor(Math.random() * 4) });
  } catch (error) {
    // Of the context's realm.
    if (Object(error).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return;
    throw error;
  }
  throw new Error(`The work ended by itself after ${performance.now() - start} ms`);
}
