/** How long work may hold the thread before timers, sockets and other messages get their turn. */
const HOLD_MILLISECONDS = 10;

let turnStarted = 0;

/** A turn of the event loop when the last is long ago, `undefined` otherwise. Called between runs of a long message. */
export function pause(): Promise<void> | undefined {
  return performance.now() - turnStarted < HOLD_MILLISECONDS ? undefined : nextTurn();
}

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    if (globalThis.setImmediate) {
      globalThis.setImmediate(resolve);
      return;
    }
    // A nested setTimeout waits for 4 ms in browsers, a message does not.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
  turnStarted = performance.now();
}
