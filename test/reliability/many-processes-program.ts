import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { Kms } from "lanelock/kms";
import { sqlStore } from "lanelock/stores";

/**
 * `program SCENARIO STORE NUMBER KEY DAYS`: one of several processes on a store. Tells `{"ready":true}` when it has opened it, starts
 * when its input says `go`, and tells what it saw, a JSON line each.
 */
const [scenario = "", target = "", number = "", keyId = "", days = "0"] = process.argv.slice(2);
const rootKey = Uint8Array.from({ length: 32 }, (_, i) => i);
const plaintext = new TextEncoder().encode(`process ${number}`);
const tell = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);
const start = Date.now();

const open = () =>
  Kms.open({
    store: target.startsWith("postgres:") ? sqlStore({ url: target }) : sqlStore({ path: target }),
    ...{ rootKey, audit: false, sweepSeconds: false },
    clock: () => new Date(start + Number(days) * 86_400_000),
  });

const input = createInterface({ input: process.stdin });
const said = new Map<string, number>();
input.on("line", (line) => said.set(line, performance.now()));

async function heard(line: string): Promise<void> {
  while (!said.has(line)) await new Promise((resolve) => setTimeout(resolve, 1));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : String(error);
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

async function firstStart(): Promise<void> {
  await heard("go");
  await using kms = await open();
  const made = (await kms.createKey({})).keyMetadata.keyId;
  const { ciphertextBlob } = await kms.encrypt({ keyId: made, plaintext });
  tell({ keyId: made, blob: base64(ciphertextBlob) });
}

/** Rotates again and again; what is encrypted in between is under a version that was primary. */
async function rotate(kms: Kms): Promise<void> {
  for (let i = 0; i < 15; i++) {
    const { keyVersion } = await kms.rotateKey({ keyId });
    const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
    tell({ version: keyVersion.keyVersionId, blob: base64(ciphertextBlob) });
  }
}

/** Uses a key whose rotation is due: the first process runs it. */
async function rotateWhenDue(kms: Kms): Promise<void> {
  const { ciphertextBlob, keyVersionId } = await kms.encrypt({ keyId, plaintext });
  tell({ version: keyVersionId, blob: base64(ciphertextBlob) });
}

const UPDATES: readonly ((kms: Kms, i: number) => Promise<unknown>)[] = [
  (kms, i) => kms.updateKeyDescription({ keyId, description: `description ${i}` }),
  (kms, i) => kms.setDeletionProtection({ keyId, enableDeletionProtection: i % 2 === 0 }),
  (kms, i) => kms.updateRotationPolicy({ keyId, enableAutomaticRotation: true, rotationInterval: `${7 + i}d` }),
  (kms, i) => kms.tagResource({ keyId, tags: [{ tagKey: `tag${i % 3}`, tagValue: String(i) }] }),
];

/** Changes one field of the key each, and takes aliases, of which one is what all want. */
async function update(kms: Kms): Promise<void> {
  const mine = UPDATES[Number(number)];
  for (let i = 0; i < 25; i++) await mine?.(kms, i);
  for (let i = 0; i < 5; i++) await kms.createAlias({ keyId, aliasName: `alias/p${number}-${i}` });
  const won = await kms.createAlias({ keyId, aliasName: "alias/wanted" }).then(
    () => "won",
    (error) => codeOf(error),
  );
  tell({ won });
}

async function count(kms: Kms): Promise<void> {
  for (let i = 0; i < 500; i++) await kms.encrypt({ keyId, plaintext });
}

/** How long a change may go unseen: the default of `cache.checkMilliseconds`. */
const RULE_MILLISECONDS = 250;

/** Calls until it is refused, and tells of calls that were served though they began after the rule's time. */
async function serve(kms: Kms): Promise<void> {
  const { ciphertextBlob } = await kms.encrypt({ keyId, plaintext });
  const late: string[] = [];
  let served = 0;
  tell({ serving: true });
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const lawfulUntil = (said.get("disabled") ?? Number.POSITIVE_INFINITY) + RULE_MILLISECONDS;
    const began = performance.now();
    const answers = [
      await kms.encrypt({ keyId, plaintext }).catch((error) => error),
      await kms.decrypt({ ciphertextBlob }).catch((error) => error),
    ];
    const refused = answers.filter((answer) => answer instanceof Error);
    served += answers.length - refused.length;
    if (began > lawfulUntil && refused.length < answers.length) late.push("served a disabled key");
    if (refused.length === answers.length || late.length > 0) {
      tell({ served, late, codes: refused.map(codeOf) });
      return;
    }
  }
}

const SCENARIOS: Readonly<Record<string, (kms: Kms) => Promise<void>>> = {
  rotate,
  rotateWhenDue,
  update,
  count,
  serve,
};

if (scenario === "firstStart") {
  tell({ ready: true });
  await firstStart();
} else {
  await using kms = await open();
  tell({ ready: true });
  await heard("go");
  await SCENARIOS[scenario]?.(kms);
}
input.close();
