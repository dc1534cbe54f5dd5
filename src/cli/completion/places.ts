import type { Command, Option } from "commander";
import { KEY_SPECS, PROTECTION_LEVELS } from "../../kms/policy/key-matrix.ts";

/** The value of an option: a file, one of several words, or free text; nothing for a switch. */
export type Value = "files" | "text" | readonly string[];

export interface CompletedOption {
  readonly long: string;
  readonly description: string;
  readonly value: Value | undefined;
}

/** The completions after the words of a command: subcommands and options. */
export interface Place {
  /** The words so far: `keys create`, or nothing. */
  readonly path: string;
  /** Commands, and words that an argument has to be. */
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** Whether its arguments are files. */
  readonly takesFiles: boolean;
}

/** Completions by the placeholder in the help. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  KeySpec: KEY_SPECS,
  KeyUsage: ["ENCRYPT/DECRYPT", "SIGN/VERIFY"],
  ProtectionLevel: PROTECTION_LEVELS,
  Origin: ["Aliyun_KMS", "EXTERNAL"],
};

export interface Completions {
  readonly places: readonly Place[];
  /** The global options, which the places themselves leave out. */
  readonly common: readonly CompletedOption[];
}

/** The completions of a program's command line; the root is the first place. */
export function completionsOf(program: Command): Completions {
  const all = [placeOf(program, ""), ...program.commands.flatMap((command) => below(command, command.name()))];
  const [root] = all;
  const isCommon = (option: CompletedOption) =>
    all.every(({ options }) => options.some((other) => other.long === option.long));
  const common = root?.options.filter(isCommon) ?? [];
  const isSame = (option: CompletedOption) =>
    common.some(({ long, value }) => long === option.long && value === option.value);
  const places = all.map((place) => ({ ...place, options: place.options.filter((option) => !isSame(option)) }));
  return { places, common };
}

function below(command: Command, path: string): readonly Place[] {
  return [placeOf(command, path), ...command.commands.flatMap((child) => below(child, `${path} ${child.name()}`))];
}

function placeOf(command: Command, path: string): Place {
  return {
    path,
    commands: [
      ...command.commands.map((child) => ({ name: child.name(), description: child.description() })),
      ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
        argChoices.map((name) => ({ name, description })),
      ),
    ],
    options: [...command.options.map(completed), { long: "--help", description: "show help", value: undefined }],
    takesFiles: command.registeredArguments.some((argument) => /file/.test(argument.name())),
  };
}

function completed(option: Option): CompletedOption {
  return { long: option.long ?? "", description: option.description, value: valueKind(option) };
}

function valueKind({ flags, argChoices }: Option): Value | undefined {
  const placeholder = /<(.+)>/.exec(flags)?.[1];
  if (placeholder === undefined) return undefined;
  return argChoices ?? WORDS[placeholder] ?? (/file|directory/.test(placeholder) ? "files" : "text");
}
