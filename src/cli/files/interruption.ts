const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` with a signal that aborts on Ctrl-C and the like, so that `work` can remove unfinished output. Then the process ends as
 * it would have.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let caught: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    caught = name;
    abort.abort(new Error(`interrupted by ${name}`));
  };
  for (const name of SIGNALS) process.once(name, onSignal);
  try {
    return await work(abort.signal);
  } finally {
    for (const name of SIGNALS) process.removeListener(name, onSignal);
    if (caught) process.kill(process.pid, caught);
  }
}
