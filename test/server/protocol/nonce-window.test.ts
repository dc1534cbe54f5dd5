import { expect, test } from "vitest";
import { CLOCK_TOLERANCE_MS, NonceWindow } from "../../../src/server/protocol/nonce-window.ts";

const start = Date.UTC(2026, 0, 1);
const nonce = (replayId: string, timestamp = start, accessKeyId = "id") => ({ accessKeyId, replayId, timestamp });

test("a nonce is new once for an access key, and new for another access key", () => {
  const window = new NonceWindow();
  expect(window.claim(nonce("a"), start)).toBe("new");
  expect(window.claim(nonce("a"), start)).toBe("used");
  expect(window.claim(nonce("a", start + 60_000), start + 1)).toBe("used");
  expect(window.claim(nonce("a", start, "other"), start)).toBe("new");
  expect(window.claim(nonce("b"), start)).toBe("new");
});

test("access key and nonce cannot be cut differently", () => {
  const window = new NonceWindow();
  expect(window.claim(nonce("bc", start, "a"), start)).toBe("new");
  expect(window.claim(nonce("c", start, "ab"), start)).toBe("new");
});

test("a nonce is remembered as long as its request could be sent again, and forgotten soon after", () => {
  const window = new NonceWindow();
  // A request from a clock 15 minutes ahead is good for 30 minutes.
  const ahead = start + CLOCK_TOLERANCE_MS;
  window.claim(nonce("now"), start);
  window.claim(nonce("ahead", ahead), start);
  expect(window.claim(nonce("now"), start + CLOCK_TOLERANCE_MS)).toBe("used");
  expect(window.claim(nonce("ahead", ahead), ahead + CLOCK_TOLERANCE_MS)).toBe("used");
  expect(window.size).toBe(1);
  window.claim(nonce("later", ahead + CLOCK_TOLERANCE_MS), ahead + CLOCK_TOLERANCE_MS + 60_000);
  expect(window.size).toBe(1);
});

test("memory is bounded: a full window refuses, and takes requests again when the oldest are forgotten", () => {
  const window = new NonceWindow(10_000);
  for (let i = 0; i < 10_000; i++) expect(window.claim(nonce(String(i)), start)).toBe("new");
  expect(window.claim(nonce("one too many"), start)).toBe("full");
  expect(window.claim(nonce("77"), start)).toBe("used");
  const later = start + CLOCK_TOLERANCE_MS + 60_000;
  expect(window.claim(nonce("one too many", later), later)).toBe("new");
  expect(window.size).toBe(1);
});
