import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { sqlStore } from "lanelock/stores";
import { expect, test, vi } from "vitest";
import { AppendedIds } from "../../src/stores/sql/appended-ids.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";
import { FaultInjector } from "./faults.ts";
import { failEachCall } from "./store-scenario.ts";

const fault = vi.hoisted(() => ({ injector: undefined as FaultInjector | undefined }));
const through = vi.hoisted(
  () =>
    <T>(name: string, work: () => T): T =>
      fault.injector === undefined ? work() : fault.injector.call(name, work),
);

const FILES = vi.hoisted(
  () =>
    [
      ...(["realpathSync", "openSync", "closeSync", "statSync", "existsSync"] as const),
      ...(["fstatSync", "readdirSync", "readSync", "writeSync", "rmSync"] as const),
    ] as const,
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
    FILES.map((name) => {
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

test("ids in files of before stay used, whatever call fails while they are read", () => {
  const folder = scratchFolder("id-faults");
  const entry = (id: Uint8Array) => ({ id, until: Date.now() + 600_000 });
  const injector = new FaultInjector();
  fault.injector = injector;
  let at = 0;
  let fired: string | undefined;
  do {
    at += 1;
    fired = undefined;
    for (const when of ["before", "after"] as const) {
      const path = join(folder, `${at}-${when}`);
      const used = Array.from({ length: 3 }, () => new Uint8Array(randomBytes(16)));
      // A file for each: no age is young enough.
      const writer = new AppendedIds(path, -1);
      for (const id of used) expect(writer.remember([entry(id)])).toEqual([true]);
      writer.close();
      const ids = new AppendedIds(path);
      injector.arm(at, when, () => new Error("no such thing"));
      try {
        expect(ids.remember([entry(new Uint8Array(randomBytes(16)))])).toEqual([true]);
      } catch (error) {
        expect(error, injector.fired).toMatchObject({ message: "no such thing" });
      }
      fired ??= injector.fired;
      injector.disarm();
      expect(ids.remember(used.map(entry)), `${fired}, call ${at}`).toEqual([false, false, false]);
      ids.close();
    }
  } while (fired !== undefined);
  expect(at).toBeGreaterThan(10);
});
