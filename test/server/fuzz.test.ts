import { randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { BuiltServer } from "./built-server.ts";
import { Dice, type FuzzCase, fuzzCase, MARKER } from "./fuzz-requests.ts";
import { exchange, type RawAnswer } from "./raw-http.ts";
import { send, signedPath } from "./signed.ts";

const COUNT = process.env.LANELOCK_LONG === "1" ? 52_000 : 3_000;
const SEED = Number(process.env.LANELOCK_FUZZ_SEED ?? randomInt(1, 2 ** 31));
const SIDE_BY_SIDE = 16;
/** The heap the server may have: a leak of some hundred bytes a request ends its process in the long run. */
const HEAP_MEGABYTES = 64;
const MAX_RESIDENT_BYTES = 512 * 1_024 * 1_024;
const ID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

/** What is wrong with an answer, if anything. */
function faultOf({ status, headers, body }: RawAnswer): string | undefined {
  if (!(status >= 200 && status < 500)) return `its status is ${status}`;
  if (!/^content-type: application\/json/im.test(headers)) return "it is not JSON by its type";
  if (body === '{"status":"ok"}' || body === '{"status":"ready"}') return undefined;
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(body);
  } catch {
    return "it is not JSON";
  }
  if (typeof json.RequestId !== "string" || !ID.test(json.RequestId)) return "it has no RequestId";
  if (status >= 400 && !(typeof json.Code === "string" && typeof json.Message === "string" && json.Message !== "")) {
    return "it has no Code or no Message";
  }
  return undefined;
}

function faultOfCase(answers: readonly RawAnswer[], rest: string, secrets: readonly string[]): string | undefined {
  if (rest !== "") return `bytes that are no answer: ${rest.slice(0, 100)}`;
  for (const answer of answers) {
    const fault = faultOf(answer);
    if (fault !== undefined) return `${fault}: ${answer.headers}\n\n${answer.body}`;
    // An answer to a Decrypt may have the plaintext; an error may not.
    if (answer.status >= 400 && secrets.some((secret) => answer.body.includes(secret))) return "it has a secret";
  }
  return undefined;
}

test(`${COUNT} hostile requests get JSON or no answer, and the server lives, in bounded memory (seed ${SEED})`, async () => {
  await using server = await BuiltServer.start([`--max-old-space-size=${HEAP_MEGABYTES}`]);
  const secrets = [MARKER, server.owner.accessKeySecret, server.rootKey];
  const dice = new Dice(SEED);
  const created = await send(server.url, signedPath(server.owner, "CreateKey"));
  const { KeyId } = created.json.KeyMetadata as { KeyId: string };
  const faults: object[] = [];
  const answered = new Map<number, number>();

  const attempt = async ({ shape, pieces, end }: FuzzCase) => {
    // One that leaves the end to the server could wait for a request's time limit: it closes its side after a while instead.
    const { answers, rest } = await exchange(
      server.port,
      end === "wait" ? [...pieces, 20] : pieces,
      end === "reset" ? { end } : { end: "half-close" },
    );
    for (const { status } of answers) answered.set(status, (answered.get(status) ?? 0) + 1);
    const fault = faultOfCase(answers, rest, secrets);
    if (fault !== undefined) faults.push({ shape, fault, sent: pieces.map((one) => String(one).slice(0, 2_000)) });
  };
  const healthy = async () => {
    const sealed = await send(server.url, signedPath(server.owner, "Encrypt", { KeyId, Plaintext: "aGVhbHRoeQ==" }));
    expect(sealed.status).toBe(200);
    const { CiphertextBlob } = sealed.json as { CiphertextBlob: string };
    const opened = await send(server.url, signedPath(server.owner, "Decrypt", { CiphertextBlob }));
    expect(opened.json.Plaintext).toBe("aGVhbHRoeQ==");
  };

  let next = 0;
  const worker = async () => {
    while (next < COUNT && faults.length === 0) {
      const index = next++;
      await attempt(fuzzCase(dice, server.owner, index));
      if (index % 250 === 0) await healthy();
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  expect(faults).toEqual([]);
  await healthy();
  const resident = server.residentBytes;
  const counts = [...answered].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  console.log(
    `${COUNT} requests, seed ${SEED}; answers ${counts.join(", ")}; ${Math.round(resident / 2 ** 20)} MiB resident`,
  );
  expect(resident).toBeLessThan(MAX_RESIDENT_BYTES);
  expect(server.log.length).toBeGreaterThan(COUNT / 2);
  const leaked = server.log.filter((line) => secrets.some((secret) => line.includes(secret)));
  expect(leaked).toEqual([]);
  expect(server.log.filter((line) => !line.startsWith('{"level"'))).toEqual([]);
  expect(await server.stop()).toBe(0);
});
