/** The fields that can be read from any thrown value. */
export interface Thrown {
  readonly code: string;
  readonly message: string;
}

/**
 * Drivers throw errors of other realms (jest runs tests in one), errors whose code is a number, strings, and worse. So properties are
 * read one by one, each guarded, and prototypes are not checked.
 */
export function describeThrown(thrown: unknown): Thrown {
  try {
    if (typeof thrown !== "object" || thrown === null)
      return { code: "", message: thrown === undefined ? "" : `${String(thrown)}` };
    const { code, message } = thrown as { code?: unknown; message?: unknown };
    const isCode = (typeof code === "string" && code !== "") || typeof code === "number";
    return { code: isCode ? `${code}` : "", message: typeof message === "string" ? message : "" };
  } catch {
    return { code: "", message: "" };
  }
}

/** What to do about failures whose code or message matches. The first match wins. */
export type Remedies = readonly (readonly [pattern: RegExp, remedy: string])[];

/** Code and message on one line, for {@link Remedies}: `28P01 password authentication failed`. */
export function remedyFor({ code, message }: Thrown, remedies: Remedies): string {
  const text = `${code} ${message}`;
  const known = remedies.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) return code === "" ? known : `${known} (${code})`;
  const [line = ""] = message.split("\n");
  const said = line === "" ? "" : `: ${line.slice(0, 200).replace(/[.\s]+$/, "")}`;
  return `the database failed${said}. Nothing that was acknowledged is lost; the cause says more.${code && ` (${code})`}`;
}
