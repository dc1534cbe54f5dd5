import { writeSync } from "node:fs";
import type { DestinationStream, Logger, pino } from "pino";
import type { LogLine } from "../../server/index.ts";
import { clearInterval, setInterval, unref } from "../../shared/timers.ts";

/** Lines are written together: this many, or fewer after this time. */
const LINES = 64;
const MILLISECONDS = 250;

const STANDARD_ERROR = 2;

type Destination = ReturnType<typeof pino.destination>;

/** One line of JSON for each answer, on standard error: who, what, how long, with what code; never a parameter. */
export class ServerLog implements DestinationStream, AsyncDisposable {
  readonly #logger: Logger;
  readonly #out: Destination;
  readonly #timer = setInterval(() => this.#flush(), MILLISECONDS);
  /** Resolves when the log is closed, or at once where nobody reads it: a server outlives its log. */
  readonly #ended: Promise<void>;
  #lines: string[] = [];

  private constructor(level: string, create: typeof pino) {
    this.#out = create.destination({ dest: STANDARD_ERROR, sync: false });
    this.#ended = new Promise((resolve) => this.#out.on("error", resolve).on("close", resolve));
    this.#logger = create({ level, base: null }, this);
    unref(this.#timer);
    process.once("exit", this.#lastLines);
  }

  /** @param level the least grave lines that are written: `info`, `warn` or `silent` */
  static async open(level: string): Promise<ServerLog> {
    const { pino } = await import("pino");
    return new ServerLog(level, pino);
  }

  add(line: LogLine): void {
    if (line.status >= 500) this.#logger.error({ ...line, cause: undefined, err: line.cause }, "failed");
    else if (line.status >= 400) this.#logger.warn(line, "refused");
    else this.#logger.info(line, "done");
  }

  /** Takes a line from the logger. */
  write(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length >= LINES) this.#flush();
  }

  /** Resolves when all lines are written: a write that is under way when a process ends is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    process.off("exit", this.#lastLines);
    this.#flush();
    this.#out.end();
    await this.#ended;
  }

  #flush(): void {
    if (this.#lines.length > 0) this.#out.write(this.#lines.join(""));
    this.#lines = [];
  }

  /** For a process that ends without closing its log. */
  readonly #lastLines = () => {
    try {
      if (this.#lines.length > 0) writeSync(STANDARD_ERROR, this.#lines.join(""));
    } catch {
      // Nobody reads the log any more.
    }
  };
}
