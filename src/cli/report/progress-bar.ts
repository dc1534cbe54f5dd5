import { performance } from "../../shared/timers.ts";

const WIDTH = 32;
const REDRAW_MILLISECONDS = 100;

/** A line on standard error that shows the progress of a command, if that is a terminal. Also that of tools/start. */
export class ProgressBar {
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #shown: boolean;
  readonly #started = performance.now();
  #drawn = 0;

  /**
   * @param total bytes in all, if that is known
   * @param hidden true if the output goes to a terminal, whose last line the bar would erase
   */
  constructor(label: string, total: number | undefined, hidden = false) {
    this.#label = label;
    this.#total = total;
    this.#shown = !hidden && process.stderr.isTTY === true;
  }

  /** @param bytes done so far; the last of them are shown at once */
  show(bytes: number): void {
    const now = performance.now();
    if (!this.#shown || (bytes !== this.#total && now - this.#drawn < REDRAW_MILLISECONDS)) return;
    this.#drawn = now;
    const speed = Math.round(bytes / (now - this.#started) / 1_000);
    process.stderr.write(`\r\x1b[K${this.#label} ${this.#part(bytes)}  ${speed} MB/s`);
  }

  /** Removes the line. */
  end(): void {
    if (this.#drawn > 0) process.stderr.write("\r\x1b[K");
  }

  #part(bytes: number): string {
    if (this.#total === undefined) return `${Math.round(bytes / 1e6)} MB`;
    const part = this.#total === 0 ? 1 : Math.min(1, bytes / this.#total);
    const filled = Math.round(part * WIDTH);
    return `[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %`;
  }
}
