import { clearInterval, setInterval, systemTime, unref } from "../../shared/timers.ts";
import type { LogLine } from "../http/log-line.ts";
import type { MetricsAnswer, OperationTraffic, TrafficSample } from "./page-data.ts";

const INTERVAL_SECONDS = 5;
const SAMPLES = 180;

/** Upper ends in milliseconds: a tenth apart in proportion, from 10 µs to half a minute. */
const BUCKETS = Array.from({ length: 157 }, (_, index) => 0.01 * 1.1 ** index);

/** Requests and how long they took. */
class Tally {
  requests = 0;
  refused = 0;
  failed = 0;
  readonly #buckets = new Uint32Array(BUCKETS.length + 1);

  add({ status, milliseconds }: LogLine): void {
    this.requests++;
    if (status >= 500) this.failed++;
    else if (status >= 400) this.refused++;
    const bucket = Math.ceil(Math.log(milliseconds / 0.01) / Math.log(1.1));
    this.#buckets[Math.min(Math.max(0, bucket), BUCKETS.length)]! += 1;
  }

  /** Within which this part of all requests was answered, to a tenth. */
  quantile(part: number): number | null {
    if (this.requests === 0) return null;
    let left = Math.ceil(this.requests * part);
    const index = this.#buckets.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
    return BUCKETS[Math.min(index, BUCKETS.length - 1)] ?? null;
  }
}

/** The server's requests of the last quarter of an hour, and the sums since it was started. */
export class Traffic {
  readonly #startedAt = systemTime.now();
  readonly #operations = new Map<string, Tally>();
  #interval = new Tally();
  #samples: TrafficSample[] = [];
  readonly #timer = setInterval(() => this.sample(), INTERVAL_SECONDS * 1_000);

  constructor() {
    unref(this.#timer);
  }

  observe(line: LogLine): void {
    this.#interval.add(line);
    let tally = this.#operations.get(line.operation);
    if (tally === undefined) {
      tally = new Tally();
      this.#operations.set(line.operation, tally);
    }
    tally.add(line);
  }

  /** Ends an interval. */
  sample(): void {
    const { requests, refused, failed } = this.#interval;
    this.#samples.push({
      ...{ at: new Date(systemTime.now()).toISOString(), requests, refused, failed },
      medianMs: this.#interval.quantile(0.5),
      slowMs: this.#interval.quantile(0.99),
      residentBytes: process.memoryUsage.rss(),
    });
    this.#samples = this.#samples.slice(-SAMPLES);
    this.#interval = new Tally();
  }

  get answer(): MetricsAnswer {
    const operations = [...this.#operations].map(
      ([operation, tally]): OperationTraffic => ({
        ...{ operation, requests: tally.requests, refused: tally.refused, failed: tally.failed },
        medianMs: tally.quantile(0.5),
        slowMs: tally.quantile(0.99),
      }),
    );
    return {
      startedAt: new Date(this.#startedAt).toISOString(),
      intervalSeconds: INTERVAL_SECONDS,
      samples: this.#samples,
      operations: operations.sort((a, b) => b.requests - a.requests || (a.operation < b.operation ? -1 : 1)),
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
