import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { LanelockError } from "../errors.ts";
import { systemTime } from "../shared/timers.ts";

const INTERVAL = /^(\d{1,6})([dhms])$/;
const MILLISECONDS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
const MAX_BODY = 1_024;

/** A clock that follows the host's and can be advanced, never set back: for tests of rotation, expiry and deletion. */
export class ControlledClock {
  #ahead = 0;

  readonly read = (): Date => new Date(systemTime.now() + this.#ahead);

  /** @throws LanelockError `ERR_ARGUMENT` for anything but an interval like `30d`, `12h`, `5m` or `1s` */
  advance(interval: unknown): Date {
    const [, count, unit] = (typeof interval === "string" && INTERVAL.exec(interval)) || [];
    if (count === undefined) {
      throw new LanelockError("ERR_ARGUMENT", 'The clock is advanced by { "advance": "30d" }: days, or h, m, s.');
    }
    this.#ahead += Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
    return this.read();
  }
}

/**
 * Lets local programs read and advance a clock through a Unix socket of mode 0600: `GET /clock` and `POST /clock` with
 * `{ "advance": "30d" }`.
 *
 * @param advanced is awaited before the answer, so that due transitions are done by then
 */
export async function serveClock(
  socket: string,
  clock: ControlledClock,
  advanced: () => Promise<unknown>,
): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => void answer(request, response, { clock, advanced }));
  await listen(server, socket);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(socket, { force: true });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, socket: string): Promise<void> {
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  } catch (cause) {
    const message = `The clock's socket ${socket} cannot be made. Delete it if no server uses it any more.`;
    throw new LanelockError("ERR_UNSUPPORTED", message, { cause });
  } finally {
    process.umask(before);
  }
}

interface Controlled {
  readonly clock: ControlledClock;
  readonly advanced: () => Promise<unknown>;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { clock, advanced }: Controlled,
): Promise<void> {
  const say = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  try {
    if (request.url !== "/clock") return void say(404, { error: "There is only /clock." });
    if (request.method === "GET") return void say(200, { now: clock.read().toISOString() });
    if (request.method !== "POST") return void say(405, { error: "Use GET or POST." });
    const now = clock.advance(await advanceIn(request));
    await advanced();
    say(200, { now: now.toISOString() });
  } catch (error) {
    say(error instanceof LanelockError ? 400 : 500, { error: error instanceof Error ? error.message : "failed" });
  }
}

async function advanceIn(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > MAX_BODY) break;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "advance" in value ? value.advance : undefined;
  } catch {
    return undefined;
  }
}
