// The host's timers and monotonic clock, captured when the package is loaded. A test runner that fakes the globals later
// (`vi.useFakeTimers()`, `jest.useFakeTimers()`) fakes them for its own code; a KMS that waited for a faked timer would hang.
// Everything in src/ takes its timers from here.

/** A function of the host that works without its global as `this`: browsers refuse timers that are called on another object. */
function bound<F extends (...args: never[]) => unknown>(host: unknown, take: F | undefined): F | undefined {
  return take?.bind(host) as F | undefined;
}

const host = {
  setTimeout: globalThis.setTimeout.bind(globalThis),
  setInterval: globalThis.setInterval.bind(globalThis),
  clearTimeout: globalThis.clearTimeout.bind(globalThis),
  clearInterval: globalThis.clearInterval.bind(globalThis),
  // jest's jsdom environment hides the global; Node's module still has it.
  setImmediate: bound(
    globalThis,
    globalThis.setImmediate ?? globalThis.process?.getBuiltinModule?.("node:timers")?.setImmediate,
  ),
  MessageChannel: globalThis.MessageChannel,
  now: bound(globalThis.performance, globalThis.performance?.now) ?? globalThis.Date.now.bind(globalThis.Date),
  dateNow: globalThis.Date.now.bind(globalThis.Date),
};

export type Timer = ReturnType<typeof globalThis.setTimeout>;

export function setTimeout(callback: () => void, milliseconds = 0): Timer {
  return host.setTimeout(callback, milliseconds);
}

export function setInterval(callback: () => void, milliseconds: number): Timer {
  return host.setInterval(callback, milliseconds);
}

export function clearTimeout(timer: Timer | undefined): void {
  host.clearTimeout(timer);
}

export function clearInterval(timer: Timer | undefined): void {
  host.clearInterval(timer);
}

/** Lets the process end while the timer is pending. In browsers a timer is a number, and this does nothing. */
export function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function")
    timer.unref();
}

/** Calls back in the next turn of the event loop, after timers, sockets and messages. */
export function setImmediate(callback: () => void): void {
  if (host.setImmediate) {
    host.setImmediate(callback);
    return;
  }
  if (!host.MessageChannel) {
    host.setTimeout(callback, 0);
    return;
  }
  // A nested setTimeout waits for 4 ms in browsers, a message does not.
  const { port1, port2 } = new host.MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(null);
}

/** `performance.now()` as it was at load: milliseconds that only grow. */
export const performance = { now: host.now };

/** The time of the system, for protocols that compare it with another machine's. A KMS takes its dates from its `clock` option. */
export const systemTime = { now: host.dateNow };
