import type { AccessKeysAnswer, AliasesAnswer } from "../page-data.ts";
import { type Child, el } from "./dom.ts";
import { keyAddress } from "./keys-view.ts";
import { type Column, empty, pager, table } from "./table.ts";
import { badge, time } from "./text.ts";

type Alias = AliasesAnswer["aliases"][number];
type AccessKey = AccessKeysAnswer["accessKeys"][number];

const aliasColumns: readonly Column<Alias>[] = [
  {
    name: "Alias",
    cell: ({ aliasName, keyId }) => el("a", { href: keyAddress(keyId), "data-mark": aliasName }, aliasName),
  },
  { name: "Key", cell: ({ keyId }) => el("span", { class: "id" }, keyId) },
];

export function aliasesView(answer: AliasesAnswer): Node[] {
  if (answer.total === 0) {
    const command = el("code", {}, "lanelock alias create alias/orders --key KEY_ID");
    return [empty("There are no aliases yet.", "Give a key a name: ", command)];
  }
  const pages = pager(answer, "#/aliases?page=");
  return [table("Aliases, in order of name", aliasColumns, answer.aliases), ...(pages ? [pages] : [])];
}

const accessKeyColumns: readonly Column<AccessKey>[] = [
  { name: "Name", cell: ({ name, accessKeyId }) => [name, el("span", { class: "minor id" }, accessKeyId)] },
  { name: "Status", cell: ({ status }) => badge(status) },
  { name: "Created", cell: ({ createdAt }) => time(createdAt) },
  {
    name: "Expires",
    cell: ({ expiresAt }) => (expiresAt ? time(expiresAt) : el("span", { class: "minor none" }, "never")),
  },
  { name: "May do", cell: policyOf },
];

export function accessKeysView(answer: AccessKeysAnswer): Node[] {
  if (answer.total === 0) {
    const command = el("code", {}, "lanelock access-keys create --name orders");
    return [empty("There are no access keys yet, so nobody may call the server.", "Make one: ", command)];
  }
  const pages = pager(answer, "#/access-keys?page=");
  return [
    el("p", { class: "minor" }, "Secrets are shown once, when an access key is made, and never here."),
    table("Access keys, oldest first", accessKeyColumns, answer.accessKeys),
    ...(pages ? [pages] : []),
  ];
}

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: object;
}

const EVERYTHING = /^(kms:)?\*$/;

/** The policy in a few words, unfolded to its JSON. */
function policyOf({ accessKeyId, policy }: AccessKey): Child {
  const { Statement: given = [] } = JSON.parse(policy) as { Statement?: Statement | readonly Statement[] };
  const statements = [given].flat() as readonly Statement[];
  const [first] = statements;
  const isEverything =
    statements.length === 1 &&
    first?.Effect === "Allow" &&
    first.Condition === undefined &&
    [first.Action].flat().some((action) => EVERYTHING.test(action ?? "")) &&
    [first.Resource].flat().includes("*");
  const words = isEverything ? "Everything" : statements.map(sentence).join("; ");
  return el(
    "details",
    { "data-mark": accessKeyId },
    el("summary", { "data-mark": accessKeyId }, words),
    el("pre", { tabindex: 0, "aria-label": "Policy" }, JSON.stringify(JSON.parse(policy), null, 2)),
  );
}

const MOST_ACTIONS = 3;

function sentence({ Effect = "", Action = [], Condition }: Statement): string {
  const actions = [Action].flat().map((action) => (action === "kms:*" ? "everything" : action.replace(/^kms:/, "")));
  const rest = actions.length - MOST_ACTIONS;
  const named = actions.slice(0, MOST_ACTIONS).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return `${Effect} ${named}${Condition === undefined ? "" : ", on conditions"}`;
}
