import { valuedOptions } from "./bash.ts";
import type { CompletedOption, Completions, Place } from "./places.ts";

/** Quotes text in single quotes, inside which fish has two escapes. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A script for fish: `lanelock completion fish > ~/.config/fish/completions/lanelock.fish`. */
export function fishScript(completions: Completions): string {
  const { places, common } = completions;
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  return `# lanelock: completion for fish. Save it as ~/.config/fish/completions/lanelock.fish
function __lanelock_place
  set -l place ''
  set -l skip ''
  set -l words (commandline -opc)
  for word in $words[2..-1]
    if test -n "$skip"
      set skip ''
      continue
    end
    if contains -- $word ${valuedOptions(completions).join(" ")}
      set skip 1
      continue
    end
    set -l next (string trim -- "$place $word")
    if contains -- $next ${paths.join(" ")}
      set place $next
    end
  end
  test "$place" = "$argv[1]"
end
complete -c lanelock -f
${common.map((option) => optionLine("complete -c lanelock", option)).join("\n")}
${places.map(linesOf).join("\n")}
`;
}

function linesOf({ path, commands, options, takesFiles }: Place): string {
  const here = `complete -c lanelock -n ${quoted(`__lanelock_place ${quoted(path)}`)}`;
  return [
    ...commands.map(({ name, description }) => `${here} -a ${name} -d ${quoted(description)}`),
    ...options.map(
      (option) => `${here} -l ${option.long.slice(2)} -d ${quoted(option.description)}${valueFlags(option)}`,
    ),
    ...(takesFiles ? [`${here} -F`] : []),
  ].join("\n");
}

function optionLine(here: string, option: CompletedOption): string {
  return `${here} -l ${option.long.slice(2)} -d ${quoted(option.description)}${valueFlags(option)}`;
}

function valueFlags({ value }: CompletedOption): string {
  if (value === undefined) return "";
  if (value === "files") return " -r -F";
  return value === "text" ? " -x" : ` -x -a ${quoted(value.join(" "))}`;
}
