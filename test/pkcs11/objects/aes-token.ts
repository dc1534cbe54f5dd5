import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { vi } from "vitest";
import type { Mechanism } from "../../../src/providers/pkcs11/session/cryptoki.ts";
import { Token } from "../../../src/providers/pkcs11/session/token.ts";
import { scriptedToken } from "./scripted-token.ts";

type Template = readonly { readonly type: number; readonly value?: number | boolean | string | Buffer }[];

const bothWays = 0x300;
const mechanisms = new Map([
  [0x1080, { flags: 0x8000, minKeySize: 16, maxKeySize: 32 }],
  ...[0x1081, 0x1082, 0x1087].map((id) => [id, { flags: bothWays, minKeySize: 16, maxKeySize: 32 }] as const),
]);

function bytesOf(value: number | boolean | string | Buffer | undefined): Buffer {
  if (typeof value === "boolean") return Buffer.of(value ? 1 : 0);
  if (typeof value === "string") return Buffer.from(value);
  if (typeof value !== "number") return Buffer.from(value ?? []);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A scripted token that has AES, on node:crypto. Objects have their value as CKA_VALUE, which no token would show. */
export function aesToken() {
  const scripted = scriptedToken();
  const { objects, instead, token } = scripted;
  let count = 0;
  const keep = (template: Template, more: Template = []) => {
    const name = `object ${count++}`;
    const attributes = [...template, ...more].map(({ type, value }) => [type, bytesOf(value)] as const);
    objects.set(name, Object.fromEntries(attributes));
    return Buffer.from(name);
  };
  let operation: { mechanism: Mechanism; key: Buffer } | undefined;
  const begin = (_: Buffer, mechanism: Mechanism, handle: Buffer) => {
    const key = objects.get(handle.toString())?.[0x11];
    if (key === undefined) throw new Error("CKR_KEY_HANDLE_INVALID:96");
    operation = { mechanism, key };
  };
  const run = (encrypts: boolean) => (_: Buffer, data: Buffer, into: Buffer) => {
    if (operation === undefined) throw new Error("CKR_OPERATION_NOT_INITIALIZED:145");
    const { mechanism, key } = operation;
    operation = undefined;
    const mode = { 4225: "ecb", 4226: "cbc", 4231: "gcm" }[mechanism.mechanism as 4225] ?? "gcm";
    const parameter = mechanism.parameter as unknown as Buffer & { iv?: Buffer; aad?: Buffer };
    const name = `aes-${key.length * 8}-${mode}`;
    const nonce = mode === "ecb" ? null : mode === "cbc" ? parameter : (parameter.iv ?? null);
    const cipher = (encrypts ? createCipheriv : createDecipheriv)(name, key, nonce) as ReturnType<
      typeof createDecipheriv
    >;
    const gcm = cipher as unknown as { setAAD(aad: Buffer): void; getAuthTag(): Buffer; setAuthTag(tag: Buffer): void };
    if (mode !== "gcm") cipher.setAutoPadding(false);
    else if (parameter.aad) gcm.setAAD(parameter.aad);
    if (mode === "gcm" && !encrypts) gcm.setAuthTag(data.subarray(-16));
    const input = mode === "gcm" && !encrypts ? data.subarray(0, -16) : data;
    let output: Buffer;
    try {
      output = Buffer.concat([cipher.update(input), cipher.final()]);
    } catch {
      throw new Error("CKR_GENERAL_ERROR:5");
    }
    if (mode === "gcm" && encrypts) output = Buffer.concat([output, gcm.getAuthTag()]);
    output.copy(into);
    return into.subarray(0, output.length);
  };
  const later =
    (work: (...args: never[]) => unknown) =>
    async (...args: never[]) =>
      work(...args);
  const [encrypt, decrypt] = [run(true), run(false)];
  const generate = (_: Buffer, __: unknown, template: Template) => {
    const length = template.find(({ type }) => type === 0x161)?.value ?? 32;
    return keep(template, [{ type: 0x11, value: randomBytes(Number(length)) }]);
  };
  Object.assign(instead, {
    ...{ C_EncryptInit: begin, C_DecryptInit: begin, C_Encrypt: encrypt, C_Decrypt: decrypt },
    ...{ C_EncryptAsync: later(encrypt), C_DecryptAsync: later(decrypt), C_GenerateKeyAsync: later(generate) },
    C_CreateObject: (_: Buffer, template: Template) => keep(template),
    C_GenerateRandom: (_: Buffer, into: Buffer) => randomBytes(into.length),
  });
  Object.assign(token, {
    mechanisms,
    place: "an AES token",
    close: vi.fn(async () => {}),
    openSessions: 3,
    waitingCallers: 4,
  });
  return {
    ...scripted,
    /** Lets `Token.open` give this token. */
    open: () => vi.spyOn(Token, "open").mockResolvedValue(token),
    close: () => vi.mocked((token as unknown as { close(): Promise<void> }).close),
  };
}
