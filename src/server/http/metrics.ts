import type { Registry } from "prom-client";
import { optionalPackage } from "./optional-package.ts";

export interface Observation {
  readonly operation: string;
  /** The service's code of a refusal, `OK` otherwise. */
  readonly code: string;
  readonly seconds: number;
}

/** From 100 µs, which a warm Encrypt takes, to the 10 s of a database that does not answer. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Values that are read at each request for the metrics, by name. */
export type Gauges = Readonly<Record<string, { readonly help: string; readonly read: () => number }>>;

/** The metrics of one server, in the text format of Prometheus. */
export class Metrics {
  readonly #registry: Registry;
  readonly #observe: (observation: Observation) => void;

  private constructor(registry: Registry, observe: (observation: Observation) => void) {
    this.#registry = registry;
    this.#observe = observe;
  }

  /** @throws LanelockError `ERR_DEPENDENCY` when prom-client is not installed */
  static async create(gauges: Gauges): Promise<Metrics> {
    const client = await optionalPackage("prom-client", () => import("prom-client"));
    const registry = new client.Registry();
    client.collectDefaultMetrics({ register: registry, prefix: "lanelock_" });
    const requests = new client.Counter({
      name: "lanelock_requests_total",
      help: "Requests by operation and by the code of the answer.",
      labelNames: ["operation", "code"],
      registers: [registry],
    });
    const latency = new client.Histogram({
      name: "lanelock_request_seconds",
      help: "Time from the last byte of a request to its answer.",
      labelNames: ["operation"],
      buckets: BUCKETS,
      registers: [registry],
    });
    for (const [name, { help, read }] of Object.entries(gauges)) {
      new client.Gauge({
        name: `lanelock_${name}`,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      });
    }
    const counters = new Map<string, { inc(): void }>();
    const timers = new Map<string, { observe(seconds: number): void }>();
    return new Metrics(registry, ({ operation, code, seconds }) => {
      kept(counters, `${operation} ${code}`, () => requests.labels({ operation, code })).inc();
      kept(timers, operation, () => latency.labels({ operation })).observe(seconds);
    });
  }

  observe(observation: Observation): void {
    this.#observe(observation);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

/** Names of operations and codes are few and the server's own, so all are kept. */
function kept<T>(known: Map<string, T>, name: string, make: () => T): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made = make();
  known.set(name, made);
  return made;
}
