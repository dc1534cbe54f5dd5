import type { Command } from "commander";

/** The Markdown of docs/cli.md, its reference made new. */
export function cliPage(
  page: string,
  parts: {
    readonly program: Command;
    readonly settings: object;
    readonly names: {
      readonly flagName: (name: string) => string;
      readonly environmentName: (name: string) => string;
    };
  },
): string;
