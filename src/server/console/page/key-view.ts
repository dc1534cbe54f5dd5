import type { KeyAnswer } from "../page-data.ts";
import { type Child, el } from "./dom.ts";
import { keyAddress } from "./keys-view.ts";
import { type Column, pager, table } from "./table.ts";
import { badge, count, interval, time } from "./text.ts";

type Version = KeyAnswer["versions"]["items"][number];

export function keyTitle({ aliases, keyId }: KeyAnswer): string {
  return aliases[0] ?? keyId;
}

export function keyView(key: KeyAnswer): Node[] {
  const { versions, aliases, aliasCount } = key;
  const columns: readonly Column<Version>[] = [
    { name: "Version", cell: ({ versionId }) => el("span", { class: "id" }, versionId) },
    { name: "Use", cell: ({ versionId }) => (versionId === key.primaryVersionId ? badge("Primary") : "") },
    { name: "Created", cell: ({ createdAt }) => time(createdAt) },
  ];
  const more = aliasCount - aliases.length;
  return [
    el("p", { class: "back" }, el("a", { href: "#/keys" }, "All keys")),
    el("dl", { class: "facts" }, ...facts(key)),
    section("Aliases", [
      aliases.length === 0
        ? el("p", { class: "minor" }, "This key has no alias.")
        : el("ul", { class: "chips" }, ...aliases.map((alias) => el("li", {}, alias))),
      more > 0 && el("p", { class: "minor" }, `and ${count(more)} more`),
    ]),
    section("Tags", [
      key.tags.length === 0
        ? el("p", { class: "minor" }, "This key has no tag.")
        : el("ul", { class: "chips" }, ...key.tags.map((tag) => el("li", {}, `${tag.key} = ${tag.value}`))),
    ]),
    section(`Versions (${count(versions.total)})`, [
      versions.total === 0
        ? el("p", { class: "minor" }, "This key has no version: its material is not imported yet.")
        : table("Versions of this key, oldest first", columns, versions.items),
      pager(versions, `${keyAddress(key.keyId)}&page=`),
    ]),
  ];
}

function section(title: string, children: readonly Child[]): HTMLElement {
  return el("section", {}, el("h2", {}, title), ...children);
}

/** Where the secret is, if the level does not say it: in a token, or wrapped by one. */
function custodyOf({ custody = "", protectionLevel }: KeyAnswer): Child {
  return custody.toUpperCase() !== protectionLevel && el("span", { class: "minor" }, custody);
}

function facts(key: KeyAnswer): HTMLElement[] {
  const rotates = key.rotation === "Disabled" ? "Off" : `Every ${interval(key.rotationInterval)}`;
  const all: readonly (readonly [string, Child | readonly Child[]])[] = [
    ["State", badge(key.state)],
    ["Deleted on", key.deleteAt && time(key.deleteAt)],
    ["Type", [key.spec, el("span", { class: "minor" }, key.usage.toLowerCase())]],
    ["Protection", [key.protectionLevel, custodyOf(key)]],
    ["Origin", [key.origin, key.seeded && el("span", { class: "minor" }, "seeded: others may know its material")]],
    ["Material expires", key.materialExpiresAt && time(key.materialExpiresAt)],
    ["Rotation", [rotates, key.rotation === "Suspended" && el("span", { class: "minor" }, "suspended")]],
    ["Next rotation", key.nextRotationAt && time(key.nextRotationAt)],
    ["Last rotation", time(key.lastRotatedAt)],
    ["Deletion protection", key.deletionProtection],
    ["Created", time(key.createdAt)],
    ["Description", key.description || undefined],
    ["Key id", el("span", { class: "id" }, key.keyId)],
    ["ARN", el("span", { class: "id" }, key.arn)],
  ];
  return all.flatMap(([name, value]) => {
    if (value === undefined) return [];
    const children = Array.isArray(value) ? value : [value as Child];
    return [el("div", {}, el("dt", {}, name), el("dd", {}, ...children))];
  });
}
