import type { StoreWriter } from "lanelock/kms";
import { indexedDbStore } from "lanelock/stores";
import { expect } from "vitest";
import { refusal } from "./tools.ts";

/** Waits for a task that no request keeps a transaction alive for. */
function aMessage(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** What the tests ask of the store alone. */
export const storeQuestions = {
  /** Adds to a count `times` times; each addition is a read and a write, with a wait between them that no request keeps alive. */
  async count(name: string, times: number) {
    const store = indexedDbStore({ name });
    await store.open();
    for (let i = 0; i < times; i++) {
      await store.write(async (rows) => {
        const before = (await rows.meta("count"))?.[0] ?? 0;
        if (i % 2 === 0) await aMessage();
        await rows.putMeta("count", Uint8Array.of(before + 1));
      });
    }
    const count = await store.read((rows) => rows.meta("count"));
    await store.close();
    return count?.[0];
  },

  /** A transaction that waits for timers and WebCrypto between its requests, and then fails or not. */
  async waitInside(name: string, fails: boolean) {
    const store = indexedDbStore({ name });
    await store.open();
    const reason = new Error("changed my mind");
    const said = await refusal(() =>
      store.write(async (rows) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await rows.putMeta("first", Uint8Array.of(1));
        await crypto.subtle.digest("SHA-256", new Uint8Array(64));
        expect(await rows.meta("first")).toEqual(Uint8Array.of(1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        await rows.putMeta("second", Uint8Array.of(2));
        if (fails) throw reason;
      }),
    );
    const metas = await store.read((rows) => rows.metas());
    await store.close();
    return { said, metas: metas.map((row) => row.name) };
  },

  /** Moves amounts between two rows without end. `moves` counts what was acknowledged. */
  async moveForEver(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    for (;;) {
      await store.write(async (rows) => {
        const [a = 0, b = 0] = [(await rows.meta("a"))?.[0], (await rows.meta("b"))?.[0]];
        const moves = new DataView((await rows.meta("moves"))?.buffer ?? new ArrayBuffer(4)).getUint32(0) + 1;
        await rows.putMeta("a", Uint8Array.of(a + 1));
        await rows.putMeta("b", Uint8Array.of(b - 1));
        await rows.putMeta("moves", Uint8Array.of(moves >> 24, moves >> 16, moves >> 8, moves));
      });
      Object.assign(globalThis, { acknowledged: Number(Reflect.get(globalThis, "acknowledged") ?? 0) + 1 });
    }
  },

  /** Resolves once as many moves were acknowledged in this tab, with how many there are. */
  async acknowledged(count: number) {
    for (;;) {
      const acknowledged = Number(Reflect.get(globalThis, "acknowledged") ?? 0);
      if (acknowledged >= count) return acknowledged;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },

  async moved(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    const result = await store.read(async (rows) => {
      const [a = 0, b = 0] = [(await rows.meta("a"))?.[0], (await rows.meta("b"))?.[0]];
      const moves = new DataView((await rows.meta("moves"))?.buffer ?? new ArrayBuffer(4)).getUint32(0);
      return { sum: (a + b) & 0xff, moves };
    });
    await store.close();
    return result;
  },

  /** Ids are new once over all tabs. */
  async remember(name: string, ids: readonly number[], until: number) {
    const store = indexedDbStore({ name });
    await store.open();
    const isNew = await store.remember?.(ids.map((id) => ({ id: new Uint8Array(16).fill(id), until })));
    await store.close();
    return isNew;
  },

  async claim(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    return (await store.claim("page")) !== undefined;
  },

  /** Whether a claim is lost once a script has stolen its lock. */
  async claimStolen(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    const claim = await store.claim("page");
    const before = claim?.lost;
    await navigator.locks.request(`lanelock store ${name} page`, { steal: true }, async () => undefined);
    await claim?.check();
    const after = claim?.lost;
    await claim?.release();
    await store.close();
    return { before, after };
  },

  /** A value that the browser refuses to keep, as it does CryptoKeys in private windows of some. */
  async refusalOfValue(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    const said = await refusal(() => store.write((rows) => rows.putMeta("refused", (() => undefined) as never)));
    await store.close();
    return said;
  },

  refusalOfNew: (name: string) => refusal(() => indexedDbStore({ name, create: false }).open()),

  /** Opens a store and keeps it. */
  async hold(name: string) {
    const store = indexedDbStore({ name });
    await store.open();
    Object.assign(globalThis, { held: store });
  },

  refusalOfHeld: () => refusal(() => Reflect.get(globalThis, "held").write(async () => undefined)),

  /** Resolves once a transaction has begun that never ends. */
  holdTransaction: () =>
    new Promise<void>((begun) => {
      Reflect.get(globalThis, "held").write(async (rows: StoreWriter) => {
        await rows.meta("store-id");
        begun();
        await new Promise(() => undefined);
      });
    }),

  /** What a database says that another tab keeps open. */
  refusalOfStore: (name: string) =>
    refusal(async () => {
      const store = indexedDbStore({ name });
      await store.open();
      await store.close();
    }),

  /** Fills the store until the browser refuses. */
  fill: (name: string) =>
    refusal(async () => {
      const store = indexedDbStore({ name });
      await store.open();
      try {
        for (let i = 0; i < 200; i++) {
          await store.write((rows) => rows.putMeta(`filler ${i}`, crypto.getRandomValues(new Uint8Array(65_536))));
        }
      } finally {
        await store.close();
      }
    }),
};
