let waiting: (() => void)[] = [];

/**
 * Calls `work` when every request that can be answered in this turn of the event loop is ready to be. Requests whose nonces go to the
 * store together become answerable together. When their answers follow each other without other work between them, a client that waits for
 * many is woken once for all of them. Waking it for each costs the sender more than the sending.
 */
export function atEndOfTurn(work: () => void): void {
  // Runs when no promise is left to continue.
  if (waiting.length === 0) process.nextTick(endTurn);
  waiting.push(work);
}

function endTurn(): void {
  const all = waiting;
  waiting = [];
  for (const work of all) work();
}
