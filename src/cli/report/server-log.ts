import { writeSync } from "node:fs";
import type { DestinationStream, Logger, pino } from "pino";
import type { LogLine } from "../../server/index.ts";
import { clearInterval, setInterval, systemTime, unref } from "../../shared/timers.ts";

/** Lines are written together: this many characters, or fewer after this time. */
const CHARACTERS = 65_536;
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
  #lines = "";
  readonly #isVerbose: boolean;

  private constructor(level: string, create: typeof pino) {
    this.#out = create.destination({ dest: STANDARD_ERROR, sync: false });
    this.#ended = new Promise((resolve) => this.#out.on("error", resolve).on("close", resolve));
    this.#logger = create({ level, base: null }, this);
    this.#isVerbose = this.#logger.isLevelEnabled("info");
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
    else if (this.#isVerbose) this.write(doneLine(line));
  }

  /** Takes a line from the logger. */
  write(text: string): void {
    this.#lines += text;
    if (this.#lines.length >= CHARACTERS) this.#flush();
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
    if (this.#lines !== "") this.#out.write(this.#lines);
    this.#lines = "";
  }

  /** For a process that ends without closing its log. */
  readonly #lastLines = () => {
    try {
      if (this.#lines !== "") writeSync(STANDARD_ERROR, this.#lines);
    } catch {
      // Nobody reads the log any more.
    }
  };
}

let lastTime = 0;
let lastTimeText = "";

/** Many lines share a millisecond. */
function timeText(): string {
  const now = systemTime.now();
  if (now !== lastTime) {
    lastTime = now;
    lastTimeText = String(now);
  }
  return lastTimeText;
}

/**
 * A line of level `info` as pino writes it. Nearly all lines are of this one form; pino looks at the members of each, which takes as long as
 * the signature of the request. Ids, names of operations and addresses have no character that JSON escapes.
 */
function doneLine({
  requestId,
  operation,
  status,
  code,
  milliseconds,
  sourceIp,
  accessKeyId,
  caller,
}: LogLine): string {
  let line = `{"level":30,"time":${timeText()},"requestId":"${requestId}","operation":"${operation}","status":${status}`;
  line += `,"code":"${code}","milliseconds":${Math.round(milliseconds * 1_000) / 1_000},"sourceIp":"${sourceIp}"`;
  if (accessKeyId !== undefined) line += `,"accessKeyId":"${accessKeyId}"`;
  if (caller !== undefined) line += `,"caller":${JSON.stringify(caller)}`;
  return `${line},"msg":"done"}\n`;
}
