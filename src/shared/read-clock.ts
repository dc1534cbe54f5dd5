const getTime = Date.prototype.getTime;

/** The milliseconds of a clock's date, of whichever realm; `NaN` when it gives no date, or throws. */
export function readClock(clock: () => unknown): number {
  try {
    // Refuses everything that is no Date, and takes those of other realms, which `instanceof` does not know.
    return getTime.call(clock());
  } catch {
    return Number.NaN;
  }
}
