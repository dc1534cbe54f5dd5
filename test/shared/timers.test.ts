import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { withDeadline } from "../../src/shared/deadline.ts";
import { nextTurn } from "../../src/shared/pause.ts";
import * as timers from "../../src/shared/timers.ts";

afterEach(() => vi.useRealTimers());

test("timers, turns and the clock go on while the globals are faked", async () => {
  vi.useFakeTimers();
  const began = timers.performance.now();
  await new Promise<void>((resolve) => timers.setTimeout(resolve, 5));
  await new Promise<void>((resolve) => {
    const interval = timers.setInterval(() => {
      timers.clearInterval(interval);
      resolve();
    }, 1);
  });
  await nextTurn();
  expect(timers.performance.now()).toBeGreaterThan(began);
  expect(timers.systemTime.now()).toBeGreaterThan(Date.UTC(2026, 0, 1));
  const late = withDeadline({ timeoutMs: 5, what: "The work did not end" }, new Promise(() => undefined));
  await expect(late).rejects.toMatchObject({ code: "ERR_PROVIDER" });
});

test("a cleared timer does not fire, and an unreferenced one does not keep the process", async () => {
  const fired = vi.fn();
  timers.clearTimeout(timers.setTimeout(fired, 1));
  await new Promise<void>((resolve) => timers.setTimeout(resolve, 20));
  expect(fired).not.toHaveBeenCalled();
  const timer = timers.setTimeout(fired, 60_000);
  timers.unref(timer);
  expect(timer.hasRef()).toBe(false);
  timers.clearTimeout(timer);
  timers.unref(7);
});

test("no other file of src/ uses the host's timers, its clocks or its message channels", () => {
  const src = fileURLToPath(new URL("../../src/", import.meta.url));
  const names = "setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|clearImmediate|performance|systemTime";
  const found: string[] = [];
  for (const file of readdirSync(src, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.endsWith(".generated.ts") || file === "shared/timers.ts") continue;
    // The console's page is a program of its own, in a browser.
    if (file.startsWith("server/console/page/")) continue;
    const code = readFileSync(join(src, file), "utf8")
      .replace(/\/\*[\s\S]*?\*\//g, "")
      .replace(/\/\/.*$/gm, "");
    const imported = [...code.matchAll(/import \{([^}]*)\} from "[./\w]*\/timers\.ts"/g)].flatMap(([, list = ""]) =>
      list.split(",").map((name) => name.replace(/^\s*type\s/, "").trim()),
    );
    for (const [, name = ""] of code.matchAll(new RegExp(`(?<![.\\w"])(${names})(?=[(.])`, "g"))) {
      if (!imported.includes(name)) found.push(`${file}: ${name}`);
    }
    for (const [use] of code.matchAll(
      /\b(globalThis\.(set\w+|performance)|Date\.now|MessageChannel|process\.hrtime)\b/g,
    )) {
      found.push(`${file}: ${use}`);
    }
  }
  expect(found).toEqual([]);
});
