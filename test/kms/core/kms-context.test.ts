import { LanelockError } from "lanelock";
import { type KeyStore, KmsError, type ProtectionLevel } from "lanelock/kms";
import { memoryStore } from "lanelock/stores";
import { beforeEach, describe, expect, test } from "vitest";
import type { KmsContextParts } from "../../../src/kms/core/kms-context.ts";
import type { TrustedWriter } from "../../../src/kms/rows/trusted-writer.ts";
import { bareContext } from "../bare-context.ts";
import { NodeCryptoProvider } from "../node-crypto-provider.ts";

let store: KeyStore;
let auditFails: boolean;
beforeEach(() => {
  store = memoryStore();
  auditFails = false;
});

const contextWith = (parts: Partial<KmsContextParts> = {}) =>
  bareContext(store, parts, () => {
    if (auditFails) throw new Error("log down");
  });

const putFact = (rows: TrustedWriter) => rows.putMeta("fact", Uint8Array.of(1));
const fact = () => store.read((rows) => rows.meta("fact"));

test("the time is that of the clock, and a clock that gives none is an error", async () => {
  expect((await contextWith()).core.now()).toBe(5_000);
  for (const clock of [() => new Date(Number.NaN), () => undefined, () => "2026", async () => new Date()]) {
    const { core } = await contextWith({ clock: clock as () => Date });
    expect(() => core.now()).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
  }
});

test("a protection level without a provider names the option that brings it", async () => {
  const hsm = new NodeCryptoProvider();
  const { core } = await contextWith({ providers: new Map([["HSM", hsm]]) });
  expect(core.provider("HSM")).toBe(hsm);
  expect([...core.providers]).toEqual([hsm]);
  const options: [ProtectionLevel, string][] = [
    ["SOFTWARE", '"rootKey"'],
    ["EXTERNAL", '"external"'],
  ];
  for (const [level, option] of options) {
    expect(() => core.provider(level)).toThrow(
      expect.objectContaining({ code: "UnsupportedOperation", message: expect.stringContaining(option) }),
    );
  }
  const { core: bare } = await contextWith();
  expect(() => bare.provider("HSM")).toThrow('"hsm"');
});

describe("a change", () => {
  test("is made with its event, and clears the directory before it is acknowledged", async () => {
    const { core, events, cleared } = await contextWith();
    const event = core.systemEvent("Test", "key-a");
    const result = await core.change(event, async (rows) => {
      await putFact(rows);
      expect(events).toEqual([]);
      return 7;
    });
    expect([result, await fact(), cleared()]).toEqual([7, Uint8Array.of(1), 1]);
    expect(events).toEqual([
      { time: new Date(5_000), caller: "system", operation: "Test", keyId: "key-a", outcome: "OK" },
    ]);
  });

  test("whose event cannot be written is not made", async () => {
    const { core, cleared } = await contextWith();
    auditFails = true;
    const change = () => core.change(core.systemEvent("Test", "key-a"), putFact);
    await expect(change()).rejects.toMatchObject({ code: "ERR_AUDIT" });
    expect([await fact(), cleared()]).toEqual([undefined, 1]);
    // Where another event waits for the log, the transaction does not even begin.
    core.audit.record(core.systemEvent("Waiting", "key-a"));
    let begun = false;
    const second = core.change(core.systemEvent("Test", "key-a"), async () => {
      begun = true;
    });
    await expect(second).rejects.toMatchObject({ code: "ERR_AUDIT" });
    expect(begun).toBe(false);
    auditFails = false;
    await change();
    expect(await fact()).toEqual(Uint8Array.of(1));
  });

  test("that fails leaves no event, and clears the directory all the same", async () => {
    const { core, events, cleared } = await contextWith();
    const failing = core.change(core.systemEvent("Test", "key-a"), async (rows) => {
      await putFact(rows);
      throw new KmsError("InvalidParameter", "no");
    });
    await expect(failing).rejects.toMatchObject({ code: "InvalidParameter" });
    expect([await fact(), cleared(), events]).toEqual([undefined, 1, []]);
  });
});

describe("a transition that runs by itself", () => {
  const run = async (error: unknown) => {
    const { core, events } = await contextWith();
    const work = core.runAsSystem(core.systemEvent("RotateKey", "key-a"), () => Promise.reject(error));
    return { thrown: await work.catch((reason) => reason), events };
  };

  test("leaves its failure in the log, and throws it", async () => {
    const errors = [
      [new KmsError("Rejected.Disabled", "no"), "Rejected.Disabled"],
      [new LanelockError("ERR_PROVIDER", "no"), "ERR_PROVIDER"],
    ] as const;
    for (const [error, outcome] of errors) {
      const { thrown, events } = await run(error);
      expect(thrown).toBe(error);
      expect(events).toEqual([expect.objectContaining({ operation: "RotateKey", caller: "system", outcome })]);
    }
  });

  test("whose log failed does not ask it again; a log that fails then does not hide the error", async () => {
    const audit = new LanelockError("ERR_AUDIT", "down");
    expect(await run(audit)).toEqual({ thrown: audit, events: [] });
    auditFails = true;
    const error = new LanelockError("ERR_PROVIDER", "no");
    expect((await run(error)).thrown).toBe(error);
  });

  test("that succeeds gives its result, and its own event alone", async () => {
    const { core, events } = await contextWith();
    expect(await core.runAsSystem(core.systemEvent("RotateKey", "key-a"), async () => 7)).toBe(7);
    expect(events).toEqual([]);
  });
});

test("tasks in the background are waited for, failed ones and those that they begin too", async () => {
  const { core } = await contextWith();
  await core.backgroundEnded();
  let [finish, ended, second] = [() => {}, false, false];
  core.inBackground(Promise.reject(new Error("reported elsewhere")));
  core.inBackground(
    new Promise<void>((resolve) => (finish = resolve)).then(() => {
      const later = new Promise<void>((resolve) => setImmediate(resolve));
      core.inBackground(
        later.then(() => {
          second = true;
        }),
      );
    }),
  );
  const waiting = core.backgroundEnded().then(() => {
    ended = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  finish();
  await waiting;
  expect(second).toBe(true);
});
