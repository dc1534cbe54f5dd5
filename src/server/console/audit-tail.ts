import type { ServerResponse } from "node:http";
import type { AuditEvent } from "../../kms/index.ts";
import type { Gateway } from "../../kms/service/gateway.ts";
import { clearInterval, setInterval, unref } from "../../shared/timers.ts";
import type { TailedEvent, TailMessage } from "./page-data.ts";

const KEPT = 200;
const FLUSH_MILLISECONDS = 250;
/** A page that hears nothing for longer takes the server for lost. */
const ALIVE_FLUSHES = 20;
const MAX_READERS = 16;

interface Reader {
  readonly response: ServerResponse;
  /** Whether its visit goes on. */
  readonly isIn: () => boolean;
  /** The last event that was sent to it. */
  seen: number;
}

/** The latest audit events of this process, sent as they come to every page that looks at them. */
export class AuditTail {
  readonly #gateway: Gateway;
  readonly #stop: () => void;
  readonly #readers = new Set<Reader>();
  #latest: TailedEvent[] = [];
  #count = 0;
  #flushes = 0;
  readonly #timer = setInterval(() => this.#flush(), FLUSH_MILLISECONDS);

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    unref(this.#timer);
    this.#stop = gateway.watchAudit((events) => {
      const first = this.#count + Math.max(0, events.length - KEPT) + 1;
      this.#count += events.length;
      const fresh = events.slice(-KEPT).map((event, index) => tailed(first + index, this.#gateway.auditEvent(event)));
      this.#latest = [...this.#latest, ...fresh].slice(-KEPT);
    });
  }

  /** Sends events as text/event-stream until the page leaves, or its visit ends. @returns false if too many pages look already */
  attach({ response, isIn }: Omit<Reader, "seen">, after: number): boolean {
    if (this.#readers.size >= MAX_READERS) return false;
    // After a restart of the server the page's number is of another count.
    const reader = { response, isIn, seen: after <= this.#count ? after : 0 };
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    this.#readers.add(reader);
    response.once("close", () => this.#readers.delete(reader));
    response.write(": connected\n\n");
    this.#send(reader);
    return true;
  }

  #flush(): void {
    this.#flushes++;
    for (const reader of this.#readers) {
      if (!reader.isIn()) {
        this.#readers.delete(reader);
        reader.response.end();
        continue;
      }
      // A page that does not read gets the latest events once it does, and how many it missed.
      if (reader.response.writableNeedDrain) continue;
      if (reader.seen < this.#count) this.#send(reader);
      else if (this.#flushes % ALIVE_FLUSHES === 0) reader.response.write(": alive\n\n");
    }
  }

  #send(reader: Reader): void {
    const events = this.#latest.filter(({ id }) => id > reader.seen);
    // A page that has just come misses nothing: it gets what is kept.
    const missed = reader.seen === 0 ? 0 : this.#count - reader.seen - events.length;
    reader.seen = this.#count;
    const message: TailMessage = { events, missed };
    if (events.length > 0) reader.response.write(`data: ${JSON.stringify(message)}\n\n`);
  }

  close(): void {
    this.#stop();
    clearInterval(this.#timer);
    for (const { response } of this.#readers) response.end();
  }
}

function tailed(id: number, { time, contextDigest: _, ...event }: AuditEvent): TailedEvent {
  return { id, time: time.toISOString(), ...event };
}
