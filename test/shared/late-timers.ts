// Stands in for src/shared/timers.ts in tests of what happens as time passes:
//   vi.mock("…/src/shared/timers.ts", () => import("…/late-timers.ts"));
// It looks the globals up when they are called, so that `vi.useFakeTimers()` reaches the package.
// It imports nothing of what it stands in for: that would wait for itself.

export const setTimeout = (callback: () => void, milliseconds?: number) =>
  globalThis.setTimeout(callback, milliseconds);
export const setInterval = (callback: () => void, milliseconds: number) =>
  globalThis.setInterval(callback, milliseconds);
export const setImmediate = (callback: () => void) => globalThis.setImmediate(callback);
export const clearTimeout = (timer: ReturnType<typeof setTimeout> | undefined) => globalThis.clearTimeout(timer);
export const clearInterval = (timer: ReturnType<typeof setTimeout> | undefined) => globalThis.clearInterval(timer);
export const performance = { now: () => globalThis.performance.now() };
export const systemTime = { now: () => Date.now() };
export const unref = (timer: { unref?(): void } | undefined) => timer?.unref?.();
