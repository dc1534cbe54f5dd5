import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { SessionPool } from "../../../src/providers/pkcs11/session/session-pool.ts";
import { outcome } from "../objects/key-objects.ts";

/** A pool over numbered sessions. */
function pool(max: number, maxWaiting = Number.POSITIVE_INFINITY) {
  const closed: number[] = [];
  let opened = 0;
  let failure: Error | undefined;
  const sessions = new SessionPool<number>(
    {
      open: () => {
        if (failure) throw failure;
        opened += 1;
        return opened;
      },
      close: (session) => closed.push(session),
      isFull: (error) => error instanceof Error && error.message === "full",
    },
    { max, maxWaiting },
  );
  return {
    sessions,
    closed,
    opened: () => opened,
    failWith: (error: Error | undefined) => {
      failure = error;
    },
  };
}
const patient = { timeoutMs: 60_000 };

describe("a caller that gives up in the moment its session comes", () => {
  test("passes it on to the next who waits", async () => {
    const { sessions, closed } = pool(1);
    const session = await sessions.take(patient);
    const giveUp = new AbortController();
    const hasty = outcome(() => sessions.take({ ...patient, signal: giveUp.signal }));
    const next = sessions.take(patient);
    // In one turn: the session is the hasty caller's, and nobody will use it there.
    sessions.give(session);
    giveUp.abort(new Error("too late"));
    await expect(hasty).rejects.toThrow("too late");
    expect(await next).toBe(session);
    expect(sessions.open).toBe(1);
    expect(closed).toEqual([]);
  });

  test("leaves it idle where nobody waits, and to be closed with the pool", async () => {
    const { sessions, closed } = pool(1);
    const session = await sessions.take(patient);
    const giveUp = new AbortController();
    const hasty = outcome(() => sessions.take({ ...patient, signal: giveUp.signal }));
    sessions.give(session);
    giveUp.abort(new Error("too late"));
    await expect(hasty).rejects.toThrow("too late");
    await turn();
    expect(sessions.tryTake()).toBe(session);
    expect(sessions.tryTake()).toBeUndefined();
    sessions.give(session);
    await sessions.close(1000);
    expect(closed).toEqual([session]);
  });

  test("passes on a session that was opened for it after another had failed", async () => {
    const { sessions, closed } = pool(1);
    const session = await sessions.take(patient);
    const giveUp = new AbortController();
    const hasty = outcome(() => sessions.take({ ...patient, signal: giveUp.signal }));
    sessions.discard(session);
    giveUp.abort(new Error("too late"));
    await expect(hasty).rejects.toThrow("too late");
    await turn();
    expect(sessions.tryTake()).toBe(2);
    expect(closed).toEqual([1]);
  });
});

test("a caller that gives up while it waits is passed over", async () => {
  const { sessions } = pool(1);
  const session = await sessions.take(patient);
  const giveUp = new AbortController();
  const hasty = outcome(() => sessions.take({ ...patient, signal: giveUp.signal }));
  const next = sessions.take(patient);
  giveUp.abort(new Error("no more"));
  await expect(hasty).rejects.toThrow("no more");
  sessions.give(session);
  expect(await next).toBe(session);
});

test("when a session ends, the caller who has waited longest gets a new one", async () => {
  const { sessions, closed, opened } = pool(2);
  const [first, second] = [await sessions.take(patient), await sessions.take(patient)];
  const order: string[] = [];
  const waiting = [
    sessions.take(patient).then(() => order.push("third")),
    sessions.take(patient).then(() => order.push("fourth")),
  ];
  sessions.discard(first);
  sessions.give(second);
  await Promise.all(waiting);
  expect(order).toEqual(["third", "fourth"]);
  expect(closed).toEqual([first]);
  expect([opened(), sessions.open]).toEqual([3, 2]);
});

test("callers that wait hear why no session can be opened, and later ones get one", async () => {
  const { sessions, failWith } = pool(1);
  const session = await sessions.take(patient);
  const waiting = [1, 2].map(() => outcome(() => sessions.take(patient)));
  expect([sessions.open, sessions.waiting]).toEqual([1, 2]);
  failWith(new Error("the token is gone"));
  sessions.discard(session);
  for (const call of waiting) await expect(call).rejects.toThrow("the token is gone");
  expect(sessions.open).toBe(0);
  failWith(undefined);
  expect(await sessions.take(patient)).toBe(2);
});

test("no session is opened while those in use are held back, and the wait for them is bounded", async () => {
  const { sessions } = pool(2);
  const session = await sessions.take(patient);
  sessions.holdBack(20);
  expect(sessions.tryTake()).toBeUndefined();
  expect(await sessions.take(patient)).toBe(2);
  sessions.holdBack(60_000);
  sessions.discard(2);
  const third = sessions.take(patient);
  await turn();
  sessions.discard(session);
  expect(await third).toBe(3);
});

test("the last session is ended only when the next is open", () => {
  const { sessions, closed, opened } = pool(3);
  const only = sessions.tryTake();
  sessions.replace(only ?? 0);
  expect([closed, opened(), sessions.open]).toEqual([[1], 2, 1]);
  expect(sessions.tryTake()).toBe(2);
});

test("a closed pool refuses newcomers and those who wait, and ends what comes back", async () => {
  const { sessions, closed } = pool(1);
  const session = await sessions.take(patient);
  const waiting = outcome(() => sessions.take(patient));
  const ended = sessions.close(60_000);
  await expect(waiting).rejects.toMatchObject({ code: "ERR_STATE" });
  await expect(sessions.take(patient)).rejects.toMatchObject({ code: "ERR_STATE" });
  expect(sessions.tryTake()).toBeUndefined();
  sessions.give(session);
  await ended;
  expect([closed, sessions.open]).toEqual([[session], 0]);
});
