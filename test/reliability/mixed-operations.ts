import type { Kms } from "lanelock/kms";

/** A small, seedable generator (mulberry32), so that a run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What was acknowledged about a key. */
export interface KnownKey {
  readonly keyId: string;
  description: string;
  state: string;
  versions: number;
  primary: string;
  readonly tags: Record<string, string>;
}

export interface Model {
  readonly keys: Record<string, KnownKey>;
  readonly aliases: Record<string, string>;
  readonly ciphertexts: { readonly keyId: string; readonly blob: string; readonly text: string }[];
  /** Keys whose pending window is over. */
  readonly gone: string[];
  /** Days the clock was moved on. */
  days: number;
}

export const emptyModel = (): Model => ({ keys: {}, aliases: {}, ciphertexts: [], gone: [], days: 0 });

/** One change of the model that an operation, once acknowledged, made. */
export type Change =
  | { readonly kind: "key"; readonly key: KnownKey }
  | { readonly kind: "alias"; readonly name: string; readonly keyId: string | null }
  | { readonly kind: "ciphertext"; readonly keyId: string; readonly blob: string; readonly text: string }
  | { readonly kind: "gone"; readonly keyIds: readonly string[]; readonly days: number };

/** What an operation is about to touch: should it not be acknowledged, either outcome is right. */
export interface Touches {
  readonly keyIds: readonly string[];
  readonly aliases: readonly string[];
}

export interface Step {
  readonly touches: Touches;
  /** Days that pass in it. */
  readonly days?: number;
  readonly run: (kms: Kms) => Promise<Change | undefined>;
}

export function apply(model: Model, change: Change): void {
  if (change.kind === "key") model.keys[change.key.keyId] = structuredClone(change.key);
  else if (change.kind === "alias") {
    if (change.keyId === null) delete model.aliases[change.name];
    else model.aliases[change.name] = change.keyId;
  } else if (change.kind === "ciphertext") model.ciphertexts.push(change);
  else {
    model.days = change.days;
    for (const keyId of change.keyIds) forget(model, keyId);
  }
}

function forget(model: Model, keyId: string): void {
  delete model.keys[keyId];
  model.gone.push(keyId);
  for (const [name, target] of Object.entries(model.aliases)) if (target === keyId) delete model.aliases[name];
}

type Random = () => number;

function pick<T>(random: Random, from: readonly T[]): T | undefined {
  return from[Math.floor(random() * from.length)];
}

const nothing: Touches = { keyIds: [], aliases: [] };

/** The next operation: create, rotate, describe, tag, alias, schedule and cancel deletion, let time pass, encrypt. */
export function nextStep(model: Model, random: Random, travel: (days: number) => void): Step {
  const dice = random();
  const key = pick(random, Object.values(model.keys));
  if (dice < 0.15 || key === undefined) return create(random);
  if (dice < 0.6) return changeOf(key, random);
  if (dice < 0.75) return aliasStep(model, key, random);
  if (dice < 0.8) return letTimePass(model, travel);
  return encryptUnder(key, random);
}

function create(random: Random): Step {
  return {
    touches: nothing,
    run: async (kms) => {
      const description = `made ${random()}`;
      const { keyMetadata } = await kms.createKey({ description });
      const { keyId, primaryKeyVersion = "" } = keyMetadata;
      return {
        kind: "key",
        key: { keyId, description, state: "Enabled", versions: 1, primary: primaryKeyVersion, tags: {} },
      };
    },
  };
}

function changeOf(key: KnownKey, random: Random): Step {
  const touches = { keyIds: [key.keyId], aliases: [] };
  const changed = (fields: Partial<KnownKey>): Change => ({ kind: "key", key: { ...key, ...fields } });
  const { keyId } = key;
  if (key.state === "PendingDeletion") {
    const run = async (kms: Kms) => {
      await kms.cancelKeyDeletion({ keyId });
      return changed({ state: "Enabled" });
    };
    return { touches, run };
  }
  const choices: ((kms: Kms) => Promise<Change>)[] = [
    async (kms) => {
      if (key.state !== "Enabled") await kms.enableKey({ keyId });
      const { keyVersion } = await kms.rotateKey({ keyId });
      return changed({ state: "Enabled", versions: key.versions + 1, primary: keyVersion.keyVersionId });
    },
    async (kms) => {
      const tagKey = `t${Math.floor(random() * 5)}`;
      const tagValue = `v${Math.floor(random() * 1_000)}`;
      await kms.tagResource({ keyId, tags: [{ tagKey, tagValue }] });
      return changed({ tags: { ...key.tags, [tagKey]: tagValue } });
    },
    async (kms) => {
      await kms.untagResource({ keyId, tagKeys: Object.keys(key.tags) });
      return changed({ tags: {} });
    },
    async (kms) => {
      const description = `changed ${random()}`;
      await kms.updateKeyDescription({ keyId, description });
      return changed({ description });
    },
    async (kms) => {
      await (key.state === "Enabled" ? kms.disableKey({ keyId }) : kms.enableKey({ keyId }));
      return changed({ state: key.state === "Enabled" ? "Disabled" : "Enabled" });
    },
    async (kms) => {
      await kms.scheduleKeyDeletion({ keyId, pendingWindowInDays: 7 });
      return changed({ state: "PendingDeletion" });
    },
  ];
  const run = pick(random, choices);
  return { touches, run: run ?? (async () => undefined) };
}

function aliasStep(model: Model, key: KnownKey, random: Random): Step {
  const name = `alias/a${Math.floor(random() * 12)}`;
  const touches = { keyIds: [], aliases: [name] };
  const { keyId } = key;
  const taken = model.aliases[name] !== undefined;
  if (key.state === "PendingDeletion") return { touches: nothing, run: async () => undefined };
  const run = async (kms: Kms): Promise<Change> => {
    if (taken && random() < 0.4) {
      await kms.deleteAlias({ aliasName: name });
      return { kind: "alias", name, keyId: null };
    }
    await (taken ? kms.updateAlias({ keyId, aliasName: name }) : kms.createAlias({ keyId, aliasName: name }));
    return { kind: "alias", name, keyId };
  };
  return { touches, run };
}

/** Eight days pass: every key whose deletion was scheduled is over. */
function letTimePass(model: Model, travel: (days: number) => void): Step {
  const keyIds = Object.values(model.keys)
    .filter((key) => key.state === "PendingDeletion")
    .map((key) => key.keyId);
  const aliases = Object.entries(model.aliases).flatMap(([name, keyId]) => (keyIds.includes(keyId) ? [name] : []));
  return {
    touches: { keyIds, aliases },
    days: 8,
    run: async (kms) => {
      travel(8);
      await kms.sweep();
      return { kind: "gone", keyIds, days: model.days + 8 };
    },
  };
}

function encryptUnder(key: KnownKey, random: Random): Step {
  if (key.state !== "Enabled") return { touches: nothing, run: async () => undefined };
  return {
    touches: nothing,
    run: async (kms) => {
      const text = `text ${random()}`;
      const plaintext = new TextEncoder().encode(text);
      const { ciphertextBlob } = await kms.encrypt({
        keyId: key.keyId,
        plaintext,
        encryptionContext: { k: key.keyId },
      });
      return { kind: "ciphertext", keyId: key.keyId, blob: Buffer.from(ciphertextBlob).toString("base64"), text };
    },
  };
}
