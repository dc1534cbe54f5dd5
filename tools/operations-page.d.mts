/** The Markdown of docs/operations.md. */
export function operationsPage(parts: {
  readonly operations: Readonly<Record<string, object>>;
  readonly records: Readonly<Record<string, object>>;
  readonly keyMatrix: object;
  readonly origins: object;
}): string;
