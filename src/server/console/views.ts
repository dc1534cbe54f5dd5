import type { Gateway } from "../../kms/service/gateway.ts";
import type { KeyEntry } from "../../kms/service/inventory.ts";
import type { AccessKeys } from "../access/access-keys.ts";
import { KeptAnswers } from "./kept-answers.ts";
import type {
  AccessKeysAnswer,
  AliasesAnswer,
  KeyAnswer,
  KeyState,
  KeySummary,
  KeysAnswer,
  MetricsAnswer,
  PlaceAnswer,
} from "./page-data.ts";
import type { Traffic } from "./traffic.ts";

export const PAGE_SIZE = 50;

/** More than any store has, and exact in every database. */
const MAX_PAGE = 10_000_000;
const STATES: readonly KeyState[] = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"];

export interface ViewParts {
  readonly gateway: Gateway;
  readonly accessKeys: AccessKeys;
  readonly traffic: Traffic;
}

/** What the page may ask for. None of these changes anything. */
export interface Views {
  place(): PlaceAnswer;
  keys(query: URLSearchParams): Promise<KeysAnswer>;
  key(query: URLSearchParams): Promise<KeyAnswer>;
  aliases(query: URLSearchParams): Promise<AliasesAnswer>;
  "access-keys"(query: URLSearchParams): Promise<AccessKeysAnswer>;
  metrics(): MetricsAnswer;
}

export function views({ gateway, accessKeys, traffic }: ViewParts): Views {
  const keyPages = new KeptAnswers<KeysAnswer>();
  return {
    place() {
      const [, , , region = "", account = ""] = `acs:${gateway.arnPrefix}`.split(":");
      return { region, account };
    },

    async keys(query) {
      const { page, request } = pageOf(query);
      const state = STATES.find((one) => one === query.get("state"));
      return keyPages.at(await gateway.settled(), `${page} ${state}`, async () => {
        const { total, counts, keys } = await gateway.keyPage(request, state);
        return { ...paged(page, total), counts, keys: keys.map(summary) };
      });
    },

    async key(query) {
      const { page, request } = pageOf(query);
      const details = await gateway.keyDetails(query.get("name") ?? "", request);
      const { key, tags, versions } = details;
      return {
        ...summary(details),
        ...{ arn: key.arn, description: key.description, origin: key.origin },
        ...{ custody: key.custody, primaryVersionId: key.primaryKeyVersion, seeded: key.seeded },
        ...{ lastRotatedAt: iso(key.lastRotationDate), rotationInterval: key.rotationInterval },
        deletionProtection: key.deletionProtection,
        tags: tags.map(({ tagKey, tagValue }) => ({ key: tagKey, value: tagValue })),
        versions: {
          ...paged(page, versions.total),
          items: versions.page.map(({ versionId, createdAt }) => ({ versionId, createdAt: iso(createdAt) })),
        },
      };
    },

    async aliases(query) {
      const { page, request } = pageOf(query);
      const { total, aliases } = await gateway.aliasPage(request);
      return { ...paged(page, total), aliases };
    },

    async "access-keys"(query) {
      const { page, request } = pageOf(query);
      const all = await accessKeys.list();
      const now = gateway.now();
      return {
        ...paged(page, all.length),
        accessKeys: all
          .slice(request.offset, request.offset + request.limit)
          .map(({ accessKeyId, name, status, createdAt, expiresAt, policy }) => ({
            ...{ accessKeyId, name, policy, createdAt: iso(createdAt), expiresAt: expiresAt && iso(expiresAt) },
            status: expiresAt !== undefined && expiresAt.getTime() <= now ? "Expired" : status,
          })),
      };
    },

    metrics: () => traffic.answer,
  };
}

function summary({ key, aliases, aliasCount }: KeyEntry): KeySummary {
  return {
    ...{ keyId: key.keyId, aliases, aliasCount, state: key.keyState, spec: key.keySpec, usage: key.keyUsage },
    ...{ protectionLevel: key.protectionLevel, createdAt: iso(key.creationDate), rotation: key.automaticRotation },
    nextRotationAt: key.nextRotationDate && iso(key.nextRotationDate),
    deleteAt: key.deleteDate && iso(key.deleteDate),
    materialExpiresAt: key.materialExpireTime && iso(key.materialExpireTime),
  };
}

function pageOf(query: URLSearchParams) {
  const given = Number(query.get("page") ?? 1);
  const page = Number.isSafeInteger(given) && given >= 1 && given <= MAX_PAGE ? given : 1;
  return { page, request: { offset: (page - 1) * PAGE_SIZE, limit: PAGE_SIZE } };
}

function paged(page: number, total: number) {
  return { page, pageSize: PAGE_SIZE, total };
}

function iso(time: Date | number): string {
  return new Date(time).toISOString();
}
