import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { expect, test, vi } from "vitest";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { FaultInjector } from "./faults.ts";
import { failEachCall } from "./store-scenario.ts";

const fault = vi.hoisted(() => ({ injector: undefined as FaultInjector | undefined }));
const through = vi.hoisted(
  () =>
    <T>(name: string, work: () => T): T =>
      fault.injector === undefined ? work() : fault.injector.call(name, work),
);

vi.mock("libsql", async (original) => {
  const { default: Real } = await original<{ default: new (path: string, options: object) => object }>();
  /** The same object, whose named members fail when it is their turn. */
  const faulty = (target: object, names: readonly string[]): object =>
    new Proxy(target, {
      get(inner, name) {
        const value: unknown = Reflect.get(inner, name, inner);
        if (!names.includes(String(name))) return value;
        if (typeof value !== "function") return through(String(name), () => value);
        return (...parameters: unknown[]) => {
          const result: unknown = through(String(name), () => Reflect.apply(value, inner, parameters));
          return name === "prepare" ? faulty(result as object, ["run", "all", "reader"]) : result;
        };
      },
    });
  return {
    default: class {
      constructor(path: string, options: object) {
        // biome-ignore lint/correctness/noConstructorReturn: it stands for the driver's own object
        return faulty(
          through("open", () => new Real(path, options)),
          ["exec", "prepare", "close"],
        );
      }
    },
  };
});

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const faulty = Object.fromEntries(
    (["realpathSync", "openSync", "closeSync", "statSync"] as const).map((name) => {
      const call = real[name] as (...parameters: unknown[]) => unknown;
      return [name, (...parameters: unknown[]) => through(name, () => call(...parameters))];
    }),
  );
  return { ...real, ...faulty };
});

test("whatever fails, in whatever call of libsql or the file system, is an error of ours, and nothing acknowledged is lost", async () => {
  const folder = scratchFolder("sqlite-faults");
  fault.injector = new FaultInjector();
  // On a file that is there, then on a new one for each run, which opens it twice; the first run is a trial and opens it once.
  let files = 1;
  const old = await failEachCall(() => sqlStore({ path: join(folder, "keys.db") }), fault.injector);
  const path = () => join(folder, `new-${files++ >> 1}.db`);
  const made = await failEachCall(() => sqlStore({ path: path() }), fault.injector, { most: 30 });
  console.log(`SQLite: ${old + made} injected failures`);
  expect(made).toBeGreaterThan(20);
});
