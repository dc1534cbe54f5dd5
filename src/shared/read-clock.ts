const getTime = Date.prototype.getTime;

/** The milliseconds of a clock's date, of any realm; `NaN` if it returns no date, or throws. */
export function readClock(clock: () => unknown): number {
  try {
    // Refuses everything that is not a Date. Accepts those of other realms, which `instanceof` does not recognize.
    return getTime.call(clock());
  } catch {
    return Number.NaN;
  }
}
