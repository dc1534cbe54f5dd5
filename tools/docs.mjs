// `npm run docs`: writes the pages of docs/ that are made from the code. Needs dist/, which `npm run build` makes.
import { readFileSync, writeFileSync } from "node:fs";
import { cliPage } from "./cli-page.mjs";
import { operationsPage } from "./operations-page.mjs";
import { root } from "./setup.mjs";

const kms = (file) => import(`${root}dist/kms/${file}`);
const { OPERATIONS } = await kms("operations/operation-table.js");
const { keyMetadataSchema } = await kms("operations/parts/key-metadata.js");
const { keyVersionSchema } = await kms("operations/parts/key-version.js");
const { KEY_MATRIX, ORIGINS } = await kms("policy/key-matrix.js");

const page = operationsPage({
  operations: OPERATIONS,
  records: { KeyMetadata: keyMetadataSchema, KeyVersion: keyVersionSchema },
  keyMatrix: KEY_MATRIX,
  origins: ORIGINS,
});
writeFileSync(`${root}docs/operations.md`, page);

const { lanelockProgram } = await import(`${root}dist/cli/program.js`);
const { SETTINGS, ...names } = await import(`${root}dist/cli/settings/settings.js`);
const written = readFileSync(`${root}docs/cli.md`, "utf8");
writeFileSync(`${root}docs/cli.md`, cliPage(written, { program: lanelockProgram(), settings: SETTINGS, names }));
