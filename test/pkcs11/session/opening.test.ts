import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kms } from "lanelock/kms";
import { pkcs11 } from "lanelock/pkcs11";
import { memoryStore } from "lanelock/stores";
import { afterAll, expect, test } from "vitest";
import { rootKey } from "../../kms/open-kms.ts";
import { createFaultyToken } from "../../tokens/faulty-token.ts";
import { createNssToken } from "../../tokens/nss.ts";
import { scratchFolder } from "../../tokens/scratch-folder.ts";
import { createSoftHsmToken } from "../../tokens/softhsm.ts";
import { binding, host } from "../objects/key-objects.ts";

const good = createSoftHsmToken("opening");
createSoftHsmToken("twice");
createSoftHsmToken("twice");
const faulty = createFaultyToken("pins");
const nss = createNssToken();
const folder = scratchFolder("pins");
afterAll(() => faulty.dispose());

type Options = Parameters<typeof pkcs11>[0];

/** What opening a provider ends with. */
async function opening(options: Options): Promise<string> {
  const provider = pkcs11(options);
  try {
    await provider.open(host);
    await provider.createKey({ binding: binding("Aliyun_AES_256") });
    return "open";
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  } finally {
    await provider.close();
  }
}

test("the PIN comes from a value, a function or a file that only its owner can read", async () => {
  const file = join(folder, "pin");
  writeFileSync(file, `${good.pin}\n`, { mode: 0o600 });
  expect(await opening(good)).toBe("open");
  expect(await opening({ ...good, pin: () => good.pin })).toBe("open");
  expect(await opening({ ...good, pin: async () => good.pin })).toBe("open");
  expect(await opening({ ...good, pin: { file } })).toBe("open");
  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    chmodSync(file, mode);
    expect(await opening({ ...good, pin: { file } })).toBe(
      `ERR_ARGUMENT: Others may read the PIN file ${file}. Run: chmod 600 ${file}`,
    );
  }
  expect(await opening({ ...good, pin: { file: join(folder, "absent") } })).toMatch(
    /^ERR_PROVIDER: The PIN file .* cannot be read/,
  );
  writeFileSync(join(folder, "empty"), "\n", { mode: 0o600 });
  expect(await opening({ ...good, pin: { file: join(folder, "empty") } })).toMatch(
    /^ERR_ARGUMENT: The PIN must be a string/,
  );
  const throwing = () => {
    throw new Error("the vault is sealed");
  };
  expect(await opening({ ...good, pin: throwing })).toContain("the vault is sealed");
});

test("a wrong PIN is sent once, and not again until the token is opened again", async () => {
  const wrong = pkcs11({ ...faulty.options, pin: "0000" });
  const before = faulty.get("logins");
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(wrong.open(host)).rejects.toMatchObject({
      code: "ERR_PROVIDER",
      message: expect.stringMatching(/refused the PIN\. It is not sent again/),
      cause: { ckr: "CKR_PIN_INCORRECT", call: "C_Login" },
    });
    expect(faulty.get("logins") - before).toBe(attempt + 1);
  }
  expect(faulty.get("openSessions")).toBe(0);
  expect(await opening(faulty.options)).toBe("open");
});

test("a PIN that turns wrong while the token is open is sent once more and no more", async () => {
  const provider = pkcs11(faulty.options);
  await provider.open(host);
  const bound = binding("Aliyun_AES_256");
  const { handle } = await provider.createKey({ binding: bound });
  // Log in as another process would have left the token: the PIN is a new one.
  const { lookAt } = await import("../objects/token-objects.ts");
  const look = lookAt(faulty.options);
  look.inSession((session) => look.api.C_SetPIN(session, faulty.options.pin, "new pin"));
  faulty.again("logouts");
  const before = faulty.get("logins");
  const attempts = Array.from({ length: 20 }, async () => {
    const key = await provider.loadCipherKey({ binding: bound, handle });
    return key.encrypt({ data: new Uint8Array(4), iv: new Uint8Array(12) });
  });
  for (const attempt of attempts) await expect(attempt).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  expect(faulty.get("logins") - before).toBe(1);
  await provider.close();
  const renewed = pkcs11({ ...faulty.options, pin: "new pin" });
  await renewed.open(host);
  look.inSession((session) => look.api.C_SetPIN(session, "new pin", faulty.options.pin));
  await renewed.close();
});

test("while one provider is logged in, another with a wrong PIN is refused all the same", async () => {
  const first = pkcs11(good);
  await first.open(host);
  expect(await opening({ ...good, pin: "9999" })).toMatch(
    /^ERR_PROVIDER: This process is logged in .* with another PIN/,
  );
  expect(await opening(good)).toBe("open");
  await first.close();
});

test("modules that are missing, no library, or no PKCS#11 module", async () => {
  const text = join(folder, "text.so");
  writeFileSync(text, "not a library");
  for (const module of ["/nowhere/libsofthsm2.so", text, folder]) {
    expect(await opening({ ...good, module })).toMatch(
      new RegExp(`^ERR_PROVIDER: The PKCS#11 module ${module} cannot be loaded: `),
    );
  }
  expect(await opening({ ...good, module: "libc.so.6" })).toMatch(
    /^ERR_PROVIDER: .* cannot be loaded: .*C_GetFunctionList/,
  );
});

test("tokens that are not there, or there twice, are named", async () => {
  expect(await opening({ ...good, token: { label: "absent" } })).toMatch(
    /^ERR_PROVIDER: No token has the label "absent"\. The module has .*SoftHSM v2 "opening" \(serial [0-9a-f]{16}\)/,
  );
  expect(await opening({ ...good, token: { serial: "ffff" } })).toMatch(/^ERR_PROVIDER: No token has the serial ffff/);
  const twice = await opening({ ...good, token: { label: "twice" } });
  expect(twice).toMatch(/^ERR_PROVIDER: 2 tokens have the label "twice": .* Name one by its serial\.$/);
  const serial = /serial ([0-9a-f]+)/.exec(twice)?.[1] ?? "";
  expect(await opening({ ...good, token: { serial } })).toBe("open");
});

test("NSS without its parameters, and with others than it runs with", async () => {
  const { libraryParameters, ...without } = nss;
  expect(await opening(without)).toMatch(
    /^ERR_PROVIDER: .* cannot be initialized: .* NSS softokn needs libraryParameters\.$/,
  );
  expect(await opening(nss)).toBe("open");
  const others = libraryParameters.replace("flags=", "flags=readOnly");
  expect(await opening({ ...nss, libraryParameters: others })).toMatch(/^ERR_ARGUMENT: .* other libraryParameters/);
});

test("options of a wrong type or range are named, without asking the token", () => {
  const wrong = [
    [{ module: "" }, "module"],
    [{ module: 5 }, "module"],
    [{ token: {} }, "token"],
    [{ token: { label: "" } }, "token"],
    [{ token: undefined }, "token"],
    [{ pin: "" }, "pin"],
    [{ pin: undefined }, "pin"],
    [{ pin: { file: 3 } }, "pin"],
    [{ libraryParameters: 4 }, "libraryParameters"],
    [{ reinitialize: "no" }, "reinitialize"],
    [{ requireOnToken: "no" }, "requireOnToken"],
    [{ requireOnTokn: true }, "requireOnToken"],
    [{ modul: "x" }, "module"],
    [{ token: { label: "a", serial: "b" } }, "token"],
    [{ token: { lable: "a" } }, "token"],
    [{ pin: { file: "/pin", path: "/pin" } }, "path"],
    [{ sessions: { maxx: 4 } }, "max"],
    [{ sessions: 4 }, "sessions"],
    [{ sessions: { timeoutMs: "5" } }, "sessions.timeoutMs"],
    [{ vendorMechanisms: { SM4_KEYGEN: 1, SM4_GCM: 2, SM4_KEY_TYPE: 3 } }, "SM4_KEY_GEN"],
    [{ vendorMechanisms: 5 }, "vendorMechanisms"],
    [{ sessions: { max: 0 } }, "sessions.max"],
    [{ sessions: { max: 1.5 } }, "sessions.max"],
    [{ sessions: { max: "4" } }, "sessions.max"],
    [{ sessions: { maxWaiting: -1 } }, "sessions.maxWaiting"],
    [{ sessions: { timeoutMs: 0 } }, "sessions.timeoutMs"],
    [{ sessions: { timeoutMs: 2 ** 31 } }, "sessions.timeoutMs"],
    [{ vendorMechanisms: { SM4_KEY_GEN: 1, SM4_GCM: 2 } }, "vendorMechanisms.SM4_KEY_TYPE"],
    [{ vendorMechanisms: { SM4_KEY_GEN: 1, SM4_GCM: 2 ** 32, SM4_KEY_TYPE: 3 } }, "vendorMechanisms.SM4_GCM"],
  ] as const;
  for (const [change, option] of wrong) {
    const make = () => Reflect.apply(pkcs11, undefined, [{ ...good, ...change }]);
    expect(make).toThrow(
      expect.objectContaining({ code: "ERR_ARGUMENT", message: expect.stringContaining(`"${option}"`) }),
    );
  }
  const nothing: unknown = undefined;
  expect(() => Reflect.apply(pkcs11, undefined, [nothing])).toThrow(expect.objectContaining({ code: "ERR_ARGUMENT" }));
});

test("a provider that is not open, or open already, says so", async () => {
  const provider = pkcs11(good);
  const bound = binding("Aliyun_AES_256");
  await expect(provider.createKey({ binding: bound })).rejects.toMatchObject({ code: "ERR_STATE" });
  await provider.open(host);
  await expect(provider.open(host)).rejects.toMatchObject({ code: "ERR_STATE" });
  const { handle } = await provider.createKey({ binding: bound });
  const key = await provider.loadCipherKey({ binding: bound, handle });
  await provider.close();
  await provider.close();
  const late = (async () => key.encrypt({ data: new Uint8Array(4), iv: new Uint8Array(12) }))();
  await expect(late).rejects.toMatchObject({ code: "ERR_STATE" });
});

test("a KMS whose token cannot be opened does not open, and leaves no session", async () => {
  const store = memoryStore();
  const before = faulty.get("openSessions");
  const attempt = Kms.open({ store, rootKey, hsm: pkcs11({ ...faulty.options, pin: "0000" }) });
  await expect(attempt).rejects.toMatchObject({ code: "ERR_PROVIDER" });
  expect(faulty.get("openSessions")).toBe(before);
});
