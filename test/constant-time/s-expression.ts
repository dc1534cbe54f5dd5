/** WebAssembly's text format, read as far as it takes to move its parts about: an atom, or a list in parentheses. */
export type Expression = string | Expression[];

/** Strings, comments, parentheses, atoms; what is left is space. */
const tokens = /"(?:[^"\\]|\\.)*"|;;[^\n]*|\(;[\s\S]*?;\)|[()]|[^\s()";]+/g;

export function parse(text: string): Expression[] {
  const open: Expression[][] = [[]];
  for (const [token] of text.matchAll(tokens)) {
    if (token.startsWith(";;") || token.startsWith("(;")) continue;
    if (token === "(") {
      open.push([]);
    } else if (token === ")") {
      const list = open.pop();
      if (!list || open.length === 0) throw new Error("A parenthesis closes that was not opened");
      open.at(-1)?.push(list);
    } else {
      open.at(-1)?.push(token);
    }
  }
  const [all] = open;
  if (!all || open.length > 1) throw new Error("A parenthesis is not closed");
  return all;
}

export function print(expression: Expression): string {
  return typeof expression === "string" ? expression : `(${expression.map(print).join(" ")})`;
}

/** The first word of a list. */
export function head(expression: Expression | undefined): string | undefined {
  const first = Array.isArray(expression) ? expression[0] : undefined;
  return typeof first === "string" ? first : undefined;
}
