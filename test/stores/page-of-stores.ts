import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { startServer } from "../browser/server.ts";
import { bundleForBrowser } from "../package/bundle.ts";
import type { Questions } from "./indexed-db-in-a-page.ts";

interface ServedPage {
  readonly server: Server;
  readonly origin: string;
  readonly url: string;
  /** What the page loads. */
  readonly script: string;
}

/** Serves the page that asks IndexedDB, from the built package. */
export async function servePage(): Promise<ServedPage> {
  const runner = fileURLToPath(new URL("../hosts/stand-ins/vitest.ts", import.meta.url));
  const bundle = await bundleForBrowser("test/stores/indexed-db-in-a-page.ts", {
    tsconfigRaw: "{}",
    alias: { vitest: runner },
  });
  const { server, origin } = await startServer(new Map([["/stores.js", bundle.text]]));
  const query = new URLSearchParams({ policy: "'self' 'wasm-unsafe-eval'", script: "/stores.js" });
  return { server, origin, script: bundle.text, url: `${origin}/page?${query}` };
}

/** The part of a tab that questions need. */
interface Asked {
  evaluate(expression: string): Promise<unknown>;
}

/** Asks a tab a question of `indexed-db-in-a-page.ts`. */
export async function ask<Name extends keyof Questions>(
  tab: Asked,
  name: Name,
  ...given: Parameters<Questions[Name]>
): Promise<Awaited<ReturnType<Questions[Name]>>> {
  const answer = await tab.evaluate(`lanelock.${name}(${given.map((value) => JSON.stringify(value)).join(", ")})`);
  return answer as Awaited<ReturnType<Questions[Name]>>;
}
