const SECOND_MS = 1_000;

/** Times as the signature has them: `2021-05-20T06:34:21Z`. The last one is kept, because most requests share their second with others. */
export class SecondText {
  #second = Number.NaN;
  #text = "";

  /** @param time milliseconds since 1970 */
  text(time: number): string {
    const second = Math.floor(time / SECOND_MS);
    if (second !== this.#second) {
      this.#text = new Date(second * SECOND_MS).toISOString().replace(".000Z", "Z");
      this.#second = second;
    }
    return this.#text;
  }
}
