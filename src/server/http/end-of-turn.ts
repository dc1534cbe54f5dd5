let ended: Promise<void> | undefined;

/**
 * Resolves when every request that can be answered in this turn of the event loop is ready to be. Requests whose nonces go to the
 * store together become answerable together. When their answers follow each other without other work between them, a client that waits for
 * many is woken once for all of them. Waking it for each costs the sender more than the sending.
 */
export function endOfTurn(): Promise<void> {
  ended ??= new Promise((resolve) => {
    // Runs when no promise is left to continue.
    process.nextTick(() => {
      ended = undefined;
      resolve();
    });
  });
  return ended;
}
