import { type LogLine, serve } from "lanelock/server";
import { expect, test } from "vitest";
import { openKms } from "../kms/open-kms.ts";
import { startServer } from "./harness.ts";
import { exchange, type Piece, type RawAnswer } from "./raw-http.ts";
import { send, signedPath } from "./signed.ts";

const ID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

function refusal({ status, headers, body }: RawAnswer) {
  expect(headers).toMatch(/^content-type: application\/json/im);
  const json = JSON.parse(body);
  expect(json).toMatchObject({ Code: expect.any(String), Message: expect.any(String) });
  expect(json.RequestId).toMatch(ID);
  return { status, code: json.Code };
}

const unreadable = (status = 400) => ({ status, code: "ParseRequestParameterException" });

const REFUSED: readonly (readonly [name: string, pieces: readonly Piece[], expected: object])[] = [
  ["no Host", ["GET / HTTP/1.1\r\n\r\n"], unreadable()],
  ["an expectation", ["GET / HTTP/1.1\r\nHost: a\r\nExpect: the-moon\r\n\r\n"], unreadable(417)],
  ["CONNECT", ["CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"], { status: 403, code: "UnsupportedHTTPMethod" }],
  ["an upgrade", ["BREW / HTTP/1.1\r\nHost: a\r\n\r\n"], unreadable()],
  ["HTTP/2", ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], unreadable()],
  ["two lengths", ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"], unreadable()],
  [
    "a length and chunks",
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    unreadable(),
  ],
  [
    "chunks that are encoded again",
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
    unreadable(),
  ],
  ["a chunk of no length", ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n"], unreadable()],
  ["a header of 200,000 bytes", [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(200_000)}\r\n\r\n`], unreadable(431)],
  ["a null byte", ["GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"], unreadable()],
];

test.each(REFUSED)("%s is refused in JSON with a RequestId, which the log has too", async (_name, pieces, expected) => {
  const log: LogLine[] = [];
  await using running = await startServer({ log: (line) => log.push(line) });
  const { answers, rest } = await exchange(running.port, pieces);
  expect(answers.map(refusal)).toEqual([expected]);
  expect(rest).toBe("");
  const { RequestId } = JSON.parse(answers[0]?.body ?? "{}");
  expect(log).toMatchObject([{ requestId: RequestId, ...expected }]);
});

test("a refusal of malformed bytes waits for the answers to the requests before them on the connection", async () => {
  await using running = await startServer();
  const good = () => `GET ${signedPath(running.owner, "ListKeys", {}, { method: "GET" })} HTTP/1.1\r\nHost: a\r\n\r\n`;
  for (let round = 0; round < 10; round++) {
    const { answers, rest } = await exchange(running.port, [`${good()}${good()}\0\0\0 nonsense\r\n\r\n`]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    expect(rest).toBe("");
  }
});

test("malformed chunks of a body that is being read are refused, once", async () => {
  await using running = await startServer();
  const start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n";
  const { answers } = await exchange(running.port, [start, 50, "ZZ\r\n", "GET / HTTP/1.1\r\n\r\n"]);
  expect(answers.map(refusal)).toEqual([unreadable()]);
});

test("a request is answered when its sender has closed its side", async () => {
  await using running = await startServer();
  const request = `POST ${signedPath(running.owner, "ListKeys")} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
  const { answers } = await exchange(running.port, [request], { end: "half-close" });
  expect(answers.map(({ status }) => status)).toEqual([200]);
});

test.each([
  ["nothing", []],
  ["a header, byte by byte", ["GET / HTTP/1.1\r\nHost: a\r\n", ...Array.from("X: slow").flatMap((one) => [one, 100])]],
  ["a body, byte by byte", ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", "a", 300, "b", 300, "c"]],
] as [string, Piece[]][])("a sender of %s is refused when the time for a request is over", async (_name, pieces) => {
  await using running = await startServer({ requestTimeoutMs: 500 });
  const { answers } = await exchange(running.port, pieces);
  expect(answers.map(refusal)).toEqual([{ status: 408, code: "RequestTimeout" }]);
  expect((await send(running.server.url, signedPath(running.owner, "ListKeys"))).status).toBe(200);
});

test("slow senders do not keep others from being answered", async () => {
  await using kms = await openKms();
  await using server = await serve({ kms, requestTimeoutMs: 2_000 });
  const owner = await server.accessKeys.create({ name: "owner" });
  const port = Number(/:(\d+)$/.exec(server.url)?.[1]);
  const slow = Array.from({ length: 200 }, () => exchange(port, ["POST / HTTP/1.1\r\nHost: a\r\nContent-Le"]));
  for (let count = 0; count < 20; count++) {
    expect((await send(server.url, signedPath(owner, "ListKeys"))).status).toBe(200);
  }
  for (const { answers } of await Promise.all(slow)) expect(answers.map(({ status }) => status)).toEqual([408]);
});
