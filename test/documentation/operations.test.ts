import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OPERATIONS } from "../../src/kms/operations/operation-table.ts";
import { keyMetadataSchema } from "../../src/kms/operations/parts/key-metadata.ts";
import { keyVersionSchema } from "../../src/kms/operations/parts/key-version.ts";
import { KEY_MATRIX, ORIGINS } from "../../src/kms/policy/key-matrix.ts";
import { operationsPage } from "../../tools/operations-page.mjs";

const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");

test("docs/operations.md equals the records (npm run docs writes it)", () => {
  const records = { KeyMetadata: keyMetadataSchema, KeyVersion: keyVersionSchema };
  expect(page).toBe(operationsPage({ operations: OPERATIONS, records, keyMatrix: KEY_MATRIX, origins: ORIGINS }));
});

test("it has every operation, field, state and KeySpec", () => {
  for (const [method, { name, request, response }] of Object.entries(OPERATIONS)) {
    const [, section = ""] = new RegExp(`### ${name}\n([^]*?)(?=\n###? |$)`).exec(page) ?? [];
    expect(section).toContain(`kms.${method}(request)`);
    for (const entry of [...request.entries, ...response.entries]) expect(section).toContain(`| \`${entry.name}\` |`);
    expect(section).toMatch(/key state|Refused while/);
  }
  for (const [level, specs] of Object.entries(KEY_MATRIX)) {
    for (const spec of Object.keys(specs)) expect(page).toContain(`| \`${spec}\` | ${level} |`);
  }
});

test("a record has one sentence, and each sentence of its fields ends", () => {
  for (const { doc, request, response } of Object.values(OPERATIONS)) {
    expect(doc).toMatch(/^[A-Z`][^\n]+\.$/);
    for (const { field } of [...request.entries, ...response.entries]) {
      if (field.doc !== undefined) expect(field.doc).toMatch(/\.$/);
    }
  }
});
