/** `32768` as `32,768`. `toLocaleString` would load the host's tables of languages first: 14 ms of every start. */
export function groupedDigits(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
