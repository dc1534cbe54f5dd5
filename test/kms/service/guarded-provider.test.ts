import { LanelockError } from "lanelock";
import { type KeyProvider, KmsError } from "lanelock/kms";
import { describe, expect, test } from "vitest";
import { GuardedProvider } from "../../../src/kms/service/guarded-provider.ts";

const bytes = Uint8Array.of(1);
const request = { data: bytes } as never;
const METHODS = [
  "open",
  "close",
  "createKey",
  "importKey",
  "destroyKey",
  "loadCipherKey",
  "loadAsymmetricKey",
] as const;
const AT_ONCE = ["capabilities", "rewrap"] as const;
const CIPHER = ["encrypt", "decrypt"] as const;
const ASYMMETRIC = ["encrypt", "decrypt", "sign", "verify"] as const;

type Answer = (...args: never[]) => unknown;
const created = { handle: bytes, custody: "token" };
const GOOD: Readonly<Record<string, unknown>> = {
  ...{ capabilities: [], createKey: created, importKey: created, rewrap: bytes },
  ...{ loadCipherKey: { synchronous: true }, loadAsymmetricKey: { publicKey: bytes } },
  ...{ encrypt: bytes, decrypt: bytes, sign: bytes, verify: true },
};

function guarded(answers: Readonly<Record<string, Answer>>): GuardedProvider {
  const named = { name: "mine", protectionLevel: "HSM" };
  return new GuardedProvider({ ...named, ...answers } as unknown as KeyProvider);
}

/** Everything a provider and its keys can be asked, by name. */
function questions(answer: (name: string) => Answer): Readonly<Record<string, () => unknown>> {
  const direct = Object.fromEntries([...METHODS, ...AT_ONCE].map((name) => [name, answer(name)]));
  const keyed = (names: readonly string[], more: object) => () => ({
    ...more,
    ...Object.fromEntries([...names, "dispose"].map((name) => [name, answer(name)])),
  });
  const provider = guarded(direct);
  const cipher = guarded({ loadCipherKey: keyed(CIPHER, { synchronous: true }) });
  const asymmetric = guarded({ loadAsymmetricKey: keyed(ASYMMETRIC, { publicKey: bytes }) });
  const of = (loader: GuardedProvider, how: "loadCipherKey" | "loadAsymmetricKey", name: string) => () =>
    (loader[how](request) as unknown as Record<string, (given: unknown) => unknown>)[name]?.(request);
  return {
    ...Object.fromEntries(
      [...METHODS, ...AT_ONCE].map((name) => [
        name,
        () => (provider[name] as (...given: unknown[]) => unknown)(request),
      ]),
    ),
    ...Object.fromEntries([...CIPHER, "dispose"].map((name) => [`cipher ${name}`, of(cipher, "loadCipherKey", name)])),
    ...Object.fromEntries(
      [...ASYMMETRIC, "dispose"].map((name) => [`asymmetric ${name}`, of(asymmetric, "loadAsymmetricKey", name)]),
    ),
  };
}
const methodOf = (question: string) => question.split(" ").at(-1) ?? "";
const NAMES = Object.keys(questions(() => () => undefined));
const outcome = async (ask: (() => unknown) | undefined) => {
  try {
    return { answer: await ask?.() };
  } catch (error) {
    return { error };
  }
};
const waits = (question: string) => !["capabilities", "rewrap", "dispose"].includes(methodOf(question));

test("there is something to ask", () => expect(NAMES).toHaveLength(9 + 3 + 5));

describe.each(NAMES)("%s", (name) => {
  const method = methodOf(name);

  test("passes the request on and the answer back, at once or later", async () => {
    const asked: unknown[] = [];
    for (const later of waits(name) ? [false, true] : [false]) {
      const answers = () => (given: unknown) => {
        asked.push(given);
        return later ? Promise.resolve(GOOD[method]) : GOOD[method];
      };
      const { answer, error } = await outcome(questions(answers)[name]);
      expect(error).toBeUndefined();
      if (method === "loadCipherKey" || method === "loadAsymmetricKey")
        expect(answer).toMatchObject(GOOD[method] as object);
      else expect(answer).toEqual(GOOD[method]);
    }
    const bare = ["close", "capabilities", "dispose"].includes(method);
    expect(asked.every((given) => given === (bare ? undefined : request))).toBe(true);
  });

  test("turns what is thrown into an error that names the method and the provider", async () => {
    for (const thrown of [new TypeError("oops"), "oops", { message: "oops" }]) {
      const throwing = () => () => {
        throw thrown;
      };
      for (const answers of waits(name) ? [throwing, () => () => Promise.reject(thrown)] : [throwing]) {
        const { error } = await outcome(questions(answers)[name]);
        expect(error).toMatchObject({ code: "ERR_PROVIDER", cause: thrown });
        expect((error as Error).message).toContain(`${method} of the provider of HSM keys (mine) failed: oops`);
      }
    }
  });

  test("passes errors of ours, and those that another copy of the package threw", async () => {
    const own = new LanelockError("ERR_PROVIDER", "gone");
    expect(
      (
        await outcome(
          questions(() => () => {
            throw own;
          })[name],
        )
      ).error,
    ).toBe(own);
    const copies = [
      ...["ERR_AUTHENTICATION", "ERR_PADDING", "ERR_LENGTH"].map((code) => ({ code, kind: LanelockError })),
      { code: "Rejected.Disabled", kind: KmsError },
    ];
    for (const { code, kind } of copies) {
      const foreign = Object.assign(new Error("theirs"), { code });
      const { error } = await outcome(
        questions(() => () => {
          throw foreign;
        })[name],
      );
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ code, message: "theirs", cause: foreign });
    }
    const unknown = Object.assign(new Error("theirs"), { code: "ERR_STORE" });
    const { error } = await outcome(
      questions(() => () => {
        throw unknown;
      })[name],
    );
    expect(error).toMatchObject({ code: "ERR_PROVIDER" });
  });
});

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  capabilities: [undefined, {}, "x"],
  createKey: [undefined, null, 5, {}, { handle: "x" }, { handle: [1] }],
  importKey: [undefined, null, {}, { handle: new ArrayBuffer(1) }],
  loadCipherKey: [undefined, null, "x", () => undefined],
  loadAsymmetricKey: [undefined, null, 5],
  rewrap: [undefined, "x", [1], new Uint16Array(1)],
  encrypt: [undefined, null, "x", [1], new ArrayBuffer(1)],
  decrypt: [undefined, null, "x", [1]],
  sign: [undefined, "x", true],
  verify: [undefined, 1, "true", null],
};

test.each(NAMES.filter((name) => WRONG[methodOf(name)] !== undefined))(
  "a wrong answer of %s is an error",
  async (name) => {
    const method = methodOf(name);
    for (const wrong of WRONG[method] ?? []) {
      for (const later of waits(name) ? [false, true] : [false]) {
        const { error } = await outcome(questions(() => () => (later ? Promise.resolve(wrong) : wrong))[name]);
        expect(error).toMatchObject({ code: "ERR_PROVIDER" });
        expect((error as Error).message).toContain(`${method} of the provider of HSM keys (mine) did not return`);
      }
    }
  },
);

describe("an abort", () => {
  const withSignal = (signal: AbortSignal) => ({ data: bytes, signal }) as never;
  const ABORTABLE = ["createKey", "importKey", "destroyKey", "loadCipherKey", "loadAsymmetricKey"] as const;

  test.each(ABORTABLE)("of %s is thrown as its reason, and another error is not", async (name) => {
    const reason = new Error("enough");
    for (const [thrown, expected] of [
      [reason, reason],
      [new Error("oops"), expect.any(LanelockError)],
    ] as const) {
      for (const answer of [
        () => Promise.reject(thrown),
        () => {
          throw thrown;
        },
      ]) {
        const provider = guarded({ [name]: answer });
        const { error } = await outcome(() => provider[name](withSignal(AbortSignal.abort(reason))));
        expect(error).toEqual(expected);
      }
    }
    const running = guarded({ [name]: () => Promise.reject(reason) });
    const { error } = await outcome(() => running[name](withSignal(new AbortController().signal)));
    expect(error).toMatchObject({ code: "ERR_PROVIDER" });
  });

  test("of an operation with a key likewise", async () => {
    const reason = new Error("enough");
    const abort = () => Promise.reject(reason);
    const key = { encrypt: abort, decrypt: abort, sign: abort, verify: abort };
    const provider = guarded({ loadCipherKey: () => key, loadAsymmetricKey: () => key });
    const given = withSignal(AbortSignal.abort(reason));
    const cipher = await provider.loadCipherKey(request);
    const asymmetric = await provider.loadAsymmetricKey(request);
    const asked = [
      ...CIPHER.map((name) => () => cipher[name](given)),
      ...ASYMMETRIC.map((name) => () => asymmetric[name](given)),
    ];
    for (const ask of asked) expect((await outcome(ask)).error).toBe(reason);
  });
});

test("a key is synchronous only if its provider says so", async () => {
  for (const [said, synchronous] of [
    [true, true],
    [false, false],
    [undefined, false],
    ["yes", false],
  ] as const) {
    const key = await guarded({ loadCipherKey: () => ({ synchronous: said }) }).loadCipherKey(request);
    expect(key.synchronous).toBe(synchronous);
  }
});
