import { randomBytes, randomUUID } from "node:crypto";
import { LanelockError } from "lanelock";
import type { KeyStore } from "lanelock/kms";
import { expect } from "vitest";
import { type FaultInjector, FOREIGN } from "./faults.ts";

const NO_KEY = "00000000-0000-0000-0000-000000000000";

interface Acknowledged {
  readonly written: readonly string[];
  readonly remembered: readonly Uint8Array[];
}

const later = (id: Uint8Array) => ({ id, until: Date.now() + 600_000 });

/**
 * Everything a store is asked, each call whatever became of the one before. Whatever fails must be an error of ours that says
 * what to do. Gives the names of the rows whose writing was acknowledged, and the ids that were said to be new.
 */
async function useStore(store: KeyStore, fault: FaultInjector): Promise<Acknowledged> {
  const written: string[] = [];
  const remembered: Uint8Array[] = [];
  const attempt = async (name: string, call: () => Promise<unknown>) => {
    try {
      await call();
    } catch (error) {
      const context = `${name} (${fault.fired})`;
      expect(error, context).toBeInstanceOf(LanelockError);
      const { code, message } = error as LanelockError;
      expect(["ERR_STORE", "ERR_DEPENDENCY"], `${context}: ${message}`).toContain(code);
      expect(message, context).toMatch(/[.?)]$/);
    }
  };
  const write = async () => {
    const name = `row-${randomUUID()}`;
    await store.write((rows) => rows.putMeta(name, randomBytes(16)));
    written.push(name);
  };
  const remember = async () => {
    const ids = [new Uint8Array(randomBytes(16)), new Uint8Array(randomBytes(16))];
    const isNew = await store.remember?.(ids.map(later));
    expect(isNew, `${fault.fired}`).toEqual([true, true]);
    remembered.push(...ids);
  };
  await attempt("open", () => store.open());
  await attempt("write", write);
  await attempt("read", () => store.read((rows) => rows.keys({ offset: 0, limit: 10 })));
  await attempt("work that fails", () => {
    const refusal = new LanelockError("ERR_STORE", "The work itself failed.");
    return store.write(() => Promise.reject(refusal));
  });
  let claim: Awaited<ReturnType<KeyStore["claim"]>>;
  await attempt("claim", async () => {
    claim = await store.claim("audit");
  });
  await attempt("remember", remember);
  await attempt("check", async () => claim?.check());
  await attempt("release", async () => claim?.release());
  await attempt("scrub", () => store.scrub());
  await attempt("a second write", write);
  await attempt("remember more", remember);
  await attempt("a row that is not there", () => store.read((rows) => rows.key(NO_KEY)));
  await attempt("close", () => store.close());
  return { written, remembered };
}

/** Makes each external call of the scenario fail once, and looks whether everything acknowledged is there afterwards. */
export async function failEachCall(
  connect: () => KeyStore,
  fault: FaultInjector,
  { all = process.env.LANELOCK_LONG === "1", most = Number.POSITIVE_INFINITY } = {},
): Promise<number> {
  fault.disarm();
  await useStore(connect(), fault);
  const { calls } = fault;
  expect(calls).toBeGreaterThan(10);
  let runs = 0;
  for (let at = 1; at <= Math.min(calls, most); at++) {
    const kinds = all ? FOREIGN : [FOREIGN[at % FOREIGN.length] ?? FOREIGN[0]];
    for (const [index, kind] of kinds.entries()) {
      if (kind === undefined) continue;
      const when = (at + index) % 2 === 0 ? "before" : "after";
      fault.arm(at, when, kind[1]);
      const { written, remembered } = await useStore(connect(), fault);
      const { fired } = fault;
      fault.disarm();
      runs += 1;
      const store = connect();
      await store.open();
      for (const name of written)
        expect(await store.read((rows) => rows.meta(name)), `${fired}: ${kind[0]}`).toBeDefined();
      const isNew = (await store.remember?.(remembered.map(later))) ?? [];
      expect(isNew.includes(true), `${fired}: ${kind[0]}`).toBe(false);
      await store.close();
    }
  }
  return runs;
}
