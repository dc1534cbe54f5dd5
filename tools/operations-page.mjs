// docs/operations.md, made from the operations' records. `npm run docs` writes it; a test fails when it is stale.

const STATES = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"];

/** A cell of a table; a bar in it would end it. */
const cell = (text) => (text ?? "").toString().replaceAll("|", "\\|");

function table(headings, rows) {
  const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(headings), `|${headings.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

function defaultOf({ required, otherwise }) {
  if (required) return "required";
  if (otherwise === undefined) return "";
  if (Array.isArray(otherwise)) return "none";
  return otherwise === "" ? "empty" : `\`${otherwise}\``;
}

function requestTable(entries) {
  if (entries.length === 0) return "No fields.";
  const rows = entries.map(({ name, parameter, field }) => [
    `\`${name}\``,
    field.fixed === undefined ? `\`${parameter}\`` : `always \`${field.fixed}\``,
    field.type,
    defaultOf(field),
    field.limits,
    field.doc,
  ]);
  return table(["field", "over HTTP", "type", "default", "limits", ""], rows);
}

function responseTable(entries) {
  if (entries.length === 0) return "Answers nothing.";
  const rows = entries.map(({ name, parameter, field }) => [
    `\`${name}\``,
    field.partsName === undefined ? `\`${parameter}\`` : `\`${parameter}.${field.partsName}[]\``,
    field.type,
    field.required ? "" : "may be absent",
    field.limits,
    field.doc,
  ]);
  return table(["answer", "over HTTP", "type", "", "limits", ""], rows);
}

function statesOf({ states }) {
  if (states === undefined) return "Not on a key: no key state matters.";
  const refused = STATES.filter((state) => states[state] !== undefined);
  if (refused.length === 0) return "Allowed in every key state.";
  return `Refused while the key is ${refused.map((state) => `${state} (\`${states[state]}\`)`).join(", ")}.`;
}

const ONCE = "A client that got no answer does not send it again.";

function section([method, operation]) {
  const { name, doc, request, response, errors } = operation;
  const codes = errors.length === 0 ? [] : [`Errors: ${errors.map((code) => `\`${code}\``).join(", ")}.`];
  return [
    `### ${name}`,
    `\`kms.${method}(request)\`: ${doc}`,
    requestTable(request.entries),
    responseTable(response.entries),
    [statesOf(operation), ...(operation.repeatable ? [] : [ONCE]), ...codes].join(" "),
  ].join("\n\n");
}

function keyTable(keyMatrix, origins) {
  const rows = Object.entries(keyMatrix).flatMap(([level, specs]) =>
    Object.entries(specs).flatMap(([spec, usages]) =>
      Object.entries(usages).map(([usage, algorithms]) => [
        `\`${spec}\``,
        level,
        usage,
        algorithms.map((one) => `\`${one}\``).join(", "),
        origins[level].includes("EXTERNAL") ? "yes" : "no",
      ]),
    ),
  );
  return table(["KeySpec", "protection level", "usage", "algorithms, the default first", "import"], rows);
}

/** The records that fields of answers name by their type. */
function recordTables(records) {
  return Object.entries(records).map(([name, { entries }]) => `### ${name}\n\n${responseTable(entries)}`);
}

/** @param operations every operation by its method @param records schemas of `KeyMetadata` and `KeyVersion` */
export function operationsPage({ operations, records, keyMatrix, origins }) {
  const all = Object.entries(operations);
  const ofPlane = (plane) => all.filter(([, one]) => one.plane === plane).map(section);
  return `${[
    "# Operations",
    "<!-- Written by `npm run docs` from the records in src/kms/operations; edit those. -->",
    "Every operation of the KMS: its fields in process and over HTTP, their limits, the key states it is refused in, and the errors " +
      "that are its own. Besides these, every operation fails with `MissingParameter` and `InvalidParameter` for its fields, and every " +
      "operation on a key with `Forbidden.KeyNotFound`; where the service takes no alias, one is `Unsupported.Alias`. What is not the " +
      "caller's doing is a `LanelockError` in process and `InternalFailure` over HTTP. A field that an operation does not know is " +
      "`InvalidParameter`.",
    "In process, bytes are `Uint8Array` and dates `Date`. Over HTTP bytes are Base64, dates `2021-05-20T06:34:21Z`, maps and lists JSON " +
      "or in parts (`EncryptionContext.tenant=42`, `Tag.1.TagKey=team`). The plaintext of Encrypt and Decrypt is text over HTTP: its " +
      "UTF-8 bytes are what is encrypted.",
    "## Keys, by KeySpec and protection level",
    keyTable(keyMatrix, origins),
    "## Use of keys",
    ...ofPlane("data"),
    "## Life of keys",
    "In the audit log before they return.",
    ...ofPlane("life-cycle"),
    "## Records",
    ...recordTables(records),
  ].join("\n\n")}\n`;
}
