import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { LanelockError } from "lanelock";
import { kmsClient } from "lanelock/client";
import { envelope } from "lanelock/envelope";
import { describe, expect, test } from "vitest";
import { answer, type Behaviour, RawServer } from "./raw-server.ts";

const credentials = { accessKeyId: "LTAItestid", accessKeySecret: "the-secret-of-the-access-key" };
const TIMEOUT = 120_000;

function clientOf({ url }: { readonly url: string }, options = {}) {
  return kmsClient({ endpoint: url, credentials, retries: 0, timeout: TIMEOUT, ...options });
}

async function failureOf(behaviour: Behaviour, options = {}): Promise<{ error: LanelockError; open: number }> {
  await using server = await RawServer.start(behaviour);
  const error: unknown = await clientOf(server, options)
    .describeKey({ keyId: "key-1" })
    .then(
      () => expect.unreachable("it succeeded"),
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(LanelockError);
  expect(server.received.join("")).not.toContain(credentials.accessKeySecret);
  return { error: error as LanelockError, open: server.open };
}

const says =
  (text: string): Behaviour =>
  (socket) =>
    void socket.write(text);
const RIGHT = '{"RequestId":"R-1","KeyMetadata":{}}';

const IMPROPER: readonly (readonly [what: string, behaviour: Behaviour, message: RegExp])[] = [
  ["HTML", says(answer(200, "<!doctype html><h1>Welcome</h1>", { "content-type": "text/html" })), /no JSON object/],
  ["HTML of an error", says(answer(502, "<h1>Bad Gateway</h1>")), /HTTP status 502 and no JSON object/],
  ["no body", says(answer(200, "")), /no JSON object/],
  ["no content", says("HTTP/1.1 204 No Content\r\n\r\n"), /204 and no JSON object/],
  ["truncated JSON", says(answer(200, RIGHT.slice(0, -3))), /no JSON object/],
  ["JSON that is no object", says(answer(200, "[1]")), /no JSON object/],
  ["JSON nested a million deep", says(answer(200, "[".repeat(900_000))), /no JSON object/],
  ["bytes that are no UTF-8", says(`${answer(200, "").replace("length: 0", "length: 2")}\xff\xfe`), /no JSON object/],
  ["an object without RequestId", says(answer(200, "{}")), /no RequestId/],
  ["a RequestId that is a number", says(answer(200, '{"RequestId":5}')), /no RequestId/],
  ["a RequestId that would write to a terminal", says(answer(200, '{"RequestId":"\\u001b[2J"}')), /no RequestId/],
  ["another request's id", says(answer(200, RIGHT, { "x-acs-request-id": "R-2" })), /an answer to another request/],
  ["a missing member", says(answer(200, '{"RequestId":"R-1"}')), /expected a member KeyMetadata/],
  ["a wrong type", says(answer(200, '{"RequestId":"R-1","KeyMetadata":"x"}')), /expected an object/],
  [
    "members of every object alone",
    says(answer(200, '{"RequestId":"R-1","__proto__":{"KeyMetadata":{}}}')),
    /a member/,
  ],
  ["an error without a code", says(answer(400, '{"RequestId":"R-1"}')), /HTTP status 400 without a Code/],
  ["an error code that is an object", says(answer(400, '{"RequestId":"R-1","Code":{}}')), /without a Code/],
  ["an unknown code", says(answer(400, '{"RequestId":"R-1","Code":"Made.Up","Message":"m"}')), /"Made.Up" \(400\): m/],
  [
    "a code that every object has",
    says(answer(400, '{"RequestId":"R-1","Code":"constructor","Message":"m"}')),
    /unknown to lanelock, "constructor"/,
  ],
  ["100 MB", bigBody, /more than 1,048,576 bytes/],
  ["a small body that unpacks to 100 MB", gzipBomb, /more than 1,048,576 bytes/],
  ["an invalid status", says("HTTP/1.1 999 Odd\r\ncontent-length: 2\r\n\r\n{}"), /KMS/],
  ["an answer that is not HTTP", says("SSH-2.0-OpenSSH_9.6\r\n\r\n"), /connection to the KMS failed/],
  ["a closed connection", (socket) => void socket.destroy(), /connection to the KMS failed/],
  [
    "a body that breaks off",
    (socket) => void socket.end(answer(200, RIGHT).slice(0, -5)),
    /connection to the KMS failed/,
  ],
  ["endless headers", endlessHeaders, /connection to the KMS failed/],
];

function bigBody(socket: Parameters<Behaviour>[0]): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${100 * 2 ** 20}\r\n\r\n`);
  const piece = Buffer.alloc(65_536, " ");
  let left = 1_600;
  const more = () => {
    while (left-- > 0 && !socket.destroyed) if (!socket.write(piece)) return void socket.once("drain", more);
  };
  more();
}

function gzipBomb(socket: Parameters<Behaviour>[0]): void {
  const packed = gzipSync(Buffer.alloc(100 * 2 ** 20, " "));
  const headers = `content-length: ${packed.length}\r\ncontent-encoding: gzip\r\n`;
  socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}\r\n`), packed]));
}

function endlessHeaders(socket: Parameters<Behaviour>[0]): void {
  socket.write("HTTP/1.1 200 OK\r\n");
  const more = () => {
    if (socket.destroyed) return;
    socket.write(`x-more: ${"a".repeat(1_000)}\r\n`, () => setImmediate(more));
  };
  more();
}

describe("an improper answer is one typed error", () => {
  test.each(IMPROPER)("%s", async (_what, behaviour, message) => {
    const { error } = await failureOf(behaviour);
    expect(error).toMatchObject({ name: "LanelockError", code: "ERR_PROVIDER" });
    expect(error.message).toMatch(message);
    expect(error.message).toContain("DescribeKey");
  });

  test.each([
    ["nothing", says("")],
    ["half a status line", says("HTTP/1.1 20")],
    ["half a header", says("HTTP/1.1 200 OK\r\nx-a: ")],
    ["a body byte by byte, without end", slowBytes],
    ["one 1xx after the other", informational],
  ] as const)("%s: given up after the time-out, and the connection is closed", async (_what, behaviour) => {
    const { error } = await failureOf(behaviour, { timeout: 300 });
    expect(error).toMatchObject({
      code: "ERR_PROVIDER",
      message: "The KMS gave no answer to DescribeKey within 0.3 s.",
    });
  });
});

function slowBytes(socket: Parameters<Behaviour>[0]): void {
  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(" ")), 20);
}

function informational(socket: Parameters<Behaviour>[0]): void {
  const timer = setInterval(
    () => (socket.destroyed ? clearInterval(timer) : socket.write("HTTP/1.1 103 Early Hints\r\n\r\n")),
    20,
  );
}

test("a time-out and an abort close the connection", async () => {
  await using server = await RawServer.start(says("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{"));
  await expect(clientOf(server, { timeout: 200 }).listKeys()).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  const controller = new AbortController();
  const reason = new Error("changed my mind");
  const call = clientOf(server).listKeys({}, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 100);
  await expect(call).rejects.toBe(reason);
  await expect.poll(() => server.open, { timeout: 10_000 }).toBe(0);
  expect(server.received.filter((text) => text !== "")).toHaveLength(2);
});

test.each([301, 302, 303, 307, 308])("a redirect (%i) is refused, and the other host gets nothing", async (status) => {
  await using other = await RawServer.start(says(answer(200, RIGHT)));
  await using server = await RawServer.start((socket) =>
    socket.write(answer(status, "", { location: `${other.url}/` })),
  );
  const call = clientOf(server, { retries: 3 }).encrypt({ keyId: "k", plaintext: new TextEncoder().encode("plain") });
  await expect(call).rejects.toMatchObject({ code: "ERR_PROVIDER", message: expect.stringContaining("redirect") });
  expect(server.received).toHaveLength(1);
  expect(other.received).toEqual([]);
});

test("what an endpoint says reaches a message short and without control characters", async () => {
  const Message = `\u001b[2Jdenied\r\n${"x".repeat(10_000)}`;
  const refusal = JSON.stringify({ RequestId: "R-1", Code: "Forbidden.KeyNotFound", Message });
  const { error } = await failureOf(says(answer(404, refusal)));
  expect(error).toMatchObject({ name: "KmsError", code: "Forbidden.KeyNotFound", httpStatus: 404, requestId: "R-1" });
  expect(error.message).toMatch(/^ \[2Jdenied x+$/);
  expect(error.message.length).toBeLessThanOrEqual(1_000);
});

test("neither the secret nor a data key is ever sent, or shown by the client and its errors", async () => {
  const plaintext = Buffer.alloc(32, 0xa7);
  const granted = { RequestId: "R-1", KeyId: "key-1", KeyVersionId: "v", Plaintext: plaintext.toString("base64") };
  const metadata = {
    ...{
      KeyId: "key-1",
      Arn: "a",
      Creator: "c",
      CreationDate: "2021-05-20T06:34:21Z",
      Description: "",
      Origin: "Aliyun_KMS",
    },
    ...{ KeySpec: "Aliyun_AES_256", KeyUsage: "ENCRYPT/DECRYPT", KeyState: "Enabled", ProtectionLevel: "SOFTWARE" },
    ...{ LastRotationDate: "2021-05-20T06:34:21Z", AutomaticRotation: "Disabled", DeletionProtection: "Disabled" },
  };
  await using server = await RawServer.start((socket, head) => {
    const action = /x-acs-action: (\w+)/i.exec(head)?.[1];
    const body =
      action === "DescribeKey"
        ? { RequestId: "R-1", KeyMetadata: metadata }
        : { ...granted, CiphertextBlob: Buffer.alloc(108, 1).toString("base64") };
    socket.write(answer(200, JSON.stringify(body)));
  });
  const client = clientOf(server);
  await using files = envelope(client, { keyId: "alias/a", cache: true });
  const message = await files.seal(new Uint8Array(1_000));
  expect(await files.open(message)).toEqual(new Uint8Array(1_000));
  await files.rewrap(message, { keyId: "key-1" });
  const sent = server.received.join("");
  expect(sent).toContain("ReEncrypt");
  for (const form of [
    plaintext.toString("base64"),
    encodeURIComponent(plaintext.toString("base64")),
    plaintext.toString("hex"),
  ]) {
    expect(sent).not.toContain(form);
  }
  expect(Buffer.from(sent, "latin1").includes(plaintext)).toBe(false);
  expect(sent).not.toContain(credentials.accessKeySecret);
  expect(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)).not.toContain(
    credentials.accessKeySecret,
  );

  const failing = clientOf({ url: "http://127.0.0.1:1" });
  const error: unknown = await failing.encrypt({ keyId: "k", plaintext }).catch((reason: unknown) => reason);
  const shown = inspect(error, { depth: 9, showHidden: true });
  expect(shown).toContain("ERR_PROVIDER");
  expect(shown).not.toContain(credentials.accessKeySecret);
  expect(shown).not.toContain(encodeURIComponent(plaintext.toString("base64")));
  expect(shown).not.toContain(plaintext.toString("base64"));
});

describe("secrets of another length than was asked for are refused", () => {
  const granted = { RequestId: "R-1", KeyId: "key-1", KeyVersionId: "v", CiphertextBlob: "AAAA" };
  const bytes = (length: number) => Buffer.alloc(length, 7).toString("base64");
  const call = async (answered: object, ask: (kms: ReturnType<typeof kmsClient>) => Promise<unknown>) => {
    await using server = await RawServer.start(says(answer(200, JSON.stringify({ ...granted, ...answered }))));
    return await ask(clientOf(server));
  };

  test.each([0, 7, 9, 1_024])("%i random bytes instead of 8", async (length) => {
    const attempt = call({ Random: bytes(length) }, (kms) => kms.generateRandom({ length: 8 }));
    const message = `The KMS gave no proper answer to GenerateRandom: ${length} random bytes instead of 8.`;
    await expect(attempt).rejects.toMatchObject({ name: "LanelockError", code: "ERR_PROVIDER", message });
  });

  test.each([
    ["32 by default", {}, 32],
    ["of AES_256", { keySpec: "AES_256" }, 32],
    ["of AES_128", { keySpec: "AES_128" }, 16],
    ["whose number counts, not the KeySpec", { keySpec: "AES_128", numberOfBytes: 64 }, 64],
  ] as const)("a data key: %s", async (_what, fields, length) => {
    const ask = (kms: ReturnType<typeof kmsClient>) => kms.generateDataKey({ keyId: "k", ...fields });
    expect(await call({ Plaintext: bytes(length) }, ask)).toMatchObject({ plaintext: new Uint8Array(length).fill(7) });
    for (const wrong of [0, length - 1, length + 1]) {
      await expect(call({ Plaintext: bytes(wrong) }, ask)).rejects.toMatchObject({ code: "ERR_PROVIDER" });
    }
  });
});

test("a wrong data key from the endpoint opens nothing", async () => {
  let key = 1;
  await using server = await RawServer.start((socket) => {
    const granted = {
      RequestId: "R-1",
      KeyId: "key-1",
      KeyVersionId: "v",
      Plaintext: Buffer.alloc(32, key++).toString("base64"),
    };
    socket.write(answer(200, JSON.stringify({ ...granted, CiphertextBlob: Buffer.alloc(108, 1).toString("base64") })));
  });
  const kms = clientOf(server);
  await using files = envelope(
    { ...methodsOf(kms), describeKey: async () => ({ keyMetadata: { keyId: "key-1", keySpec: "Aliyun_AES_256" } }) },
    { keyId: "key-1" },
  );
  const message = await files.seal(new Uint8Array(10));
  await expect(files.open(message)).rejects.toMatchObject({ code: "ERR_AUTHENTICATION" });
});

function methodsOf(kms: ReturnType<typeof kmsClient>) {
  return {
    wrappedKeyLength: kms.wrappedKeyLength,
    generateDataKey: kms.generateDataKey.bind(kms),
    decrypt: kms.decrypt.bind(kms),
    reEncrypt: kms.reEncrypt.bind(kms),
  };
}
