import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Circuit, type Verdict } from "../../src/providers/external/circuit.ts";

vi.mock("../../src/shared/timers.ts", () => import("../shared/late-timers.ts"));

// When calls go through to a key manager that fails, and for how long they do not.

let now = 0;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const failure = new Error("down");
const open = { code: "ERR_PROVIDER", message: expect.stringContaining("it is tried again") };

function made() {
  const circuit = new Circuit("https://keys.example");
  const call = vi.fn(async (): Promise<string> => "answer");
  const through = (verdict: Verdict = "failed") => circuit.through(call, () => verdict);
  const fail = async (verdict?: Verdict) => {
    call.mockRejectedValueOnce(failure);
    await expect(through(verdict)).rejects.toBe(failure);
  };
  return { call, through, fail };
}

test("a fifth failure in a row opens it: calls fail at once, with the time until the next trial", async () => {
  const { call, through, fail } = made();
  for (let i = 0; i < 4; i++) await fail();
  expect(await through()).toBe("answer");
  for (let i = 0; i < 4; i++) await fail();
  await fail("answered");
  for (let i = 0; i < 4; i++) await fail();
  // What a caller gave up says nothing.
  await fail("nothing");
  await fail();
  call.mockClear();
  now += 499.5;
  await expect(through()).rejects.toMatchObject({
    ...open,
    message: expect.stringMatching(/https:\/\/keys\.example has failed 5 times in a row; it is tried again in 1 ms\.$/),
  });
  expect(call).not.toHaveBeenCalled();
  now += 0.5;
  expect(await through()).toBe("answer");
  expect(await through()).toBe("answer");
});

test("each trial that fails doubles the time, up to 30 seconds; one that succeeds ends it", async () => {
  const { call, through, fail } = made();
  for (let i = 0; i < 5; i++) await fail();
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    now += wait - 1;
    call.mockClear();
    await expect(through()).rejects.toMatchObject(open);
    expect(call).not.toHaveBeenCalled();
    now += 1;
    await fail();
  }
  now += 30_000;
  await fail("answered");
  // From the start again.
  for (let i = 0; i < 4; i++) await fail();
  expect(await through()).toBe("answer");
  for (let i = 0; i < 5; i++) await fail();
  now += 499;
  await expect(through()).rejects.toMatchObject(open);
  now += 1;
  expect(await through()).toBe("answer");
});

test("one trial goes through at a time; one that a caller gave up makes room for another", async () => {
  const { call, through, fail } = made();
  for (let i = 0; i < 5; i++) await fail();
  now += 500;
  let answer = (_: string) => {};
  let refuse = (_: Error) => {};
  call.mockImplementationOnce(
    () =>
      new Promise((resolve, reject) => {
        [answer, refuse] = [resolve, reject];
      }),
  );
  const trial = through("nothing");
  const under = { ...open, message: expect.stringContaining("by a call that is under way") };
  await expect(through()).rejects.toMatchObject(under);
  refuse(failure);
  await expect(trial).rejects.toBe(failure);
  call.mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  const second = through();
  await expect(through()).rejects.toMatchObject(under);
  answer("answer");
  expect(await second).toBe("answer");
  expect(await Promise.all([through(), through()])).toEqual(["answer", "answer"]);
});

test("calls that were on their way when it opened neither prolong the time nor count as the trial", async () => {
  const { call, through, fail } = made();
  const refusals: ((error: Error) => void)[] = [];
  const late = () =>
    new Promise<never>((_, reject) => {
      refusals.push(reject);
    });
  for (let i = 0; i < 7; i++) call.mockImplementationOnce(late);
  const calls = Array.from({ length: 7 }, () => through().catch((error: unknown) => error));
  for (const refuse of refusals.slice(0, 5)) refuse(failure);
  await Promise.all(calls.slice(0, 5));
  now += 400;
  for (const refuse of refusals.slice(5)) refuse(failure);
  expect(await Promise.all(calls)).toEqual(Array(7).fill(failure));
  now += 100;
  await fail();
  // It was the trial: the time is 1,000 ms now, and not 500 or 2,000.
  now += 999;
  await expect(through()).rejects.toMatchObject({ ...open, message: expect.stringContaining("failed 8 times") });
  now += 1;
  expect(await through()).toBe("answer");
});
