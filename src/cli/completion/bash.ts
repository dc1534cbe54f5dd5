import type { CompletedOption, Completions, Place } from "./places.ts";

/** Quotes any text in single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The names of the options that take a value. An option takes one in all commands or in none. */
export function valuedOptions({ places, common }: Completions): readonly string[] {
  const all = [...common, ...places.flatMap(({ options }) => options)].filter(({ value }) => value !== undefined);
  return [...new Set(all.map(({ long }) => long))];
}

interface Completers {
  readonly files: string;
  readonly nothing: string;
  readonly words: (words: readonly string[]) => string;
}

/** The arms of a shell's `case "$place:$previous"`: completions for the value of an option. */
export function valueArms({ places, common }: Completions, { files, nothing, words }: Completers): string {
  const arm = (pattern: string, { long, value }: CompletedOption) => {
    if (value === undefined) return [];
    const action = value === "files" ? files : value === "text" ? nothing : words(value);
    return [`    ${pattern}:${long}) ${action}; return ;;`];
  };
  const own = places.flatMap(({ path, options }) => options.flatMap((option) => arm(quoted(path), option)));
  return [...own, ...common.flatMap((option) => arm("*", option))].join("\n");
}

/** The names of the commands and options at a place, without the global ones. */
function wordsOf({ commands, options }: Omit<Place, "path" | "takesFiles">): string {
  return [...commands.map(({ name }) => name), ...options.map(({ long }) => long)].join(" ");
}

/** A script for bash: `source <(lanelock completion bash)`. */
export function bashScript(completions: Completions): string {
  const { places, common } = completions;
  const words = (place: Place) => `    ${quoted(place.path)}) words=${quoted(wordsOf(place))} ;;`;
  const filePlaces = places.filter(({ takesFiles }) => takesFiles).map(({ path }) => quoted(path));
  return `# lanelock: completion for bash. Load it by: source <(lanelock completion bash)
_lanelock() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" place= words= skip= word
  COMPREPLY=()
  # The shell splits --key=value at the sign.
  if [[ $current == = ]]; then current=; fi
  if [[ $previous == = ]]; then previous="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case "$word" in
      ${valuedOptions(completions).join("|")}) skip=1; continue ;;
    esac
    case "\${place:+$place }$word" in
      ${places
        .filter(({ path }) => path !== "")
        .map(({ path }) => quoted(path))
        .join("|")}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place:$previous" in
${valueArms(completions, {
  files: 'compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")',
  nothing: ":",
  words: (choices) => `mapfile -t COMPREPLY < <(compgen -W ${quoted(choices.join(" "))} -- "$current")`,
})}
  esac
  case "$place" in
${places.map(words).join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words ${wordsOf({ commands: [], options: common })}" -- "$current")
  case "$place" in
    ${filePlaces.join("|") || "''"}) compopt -o filenames 2> /dev/null; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
  esac
}
complete -F _lanelock lanelock
`;
}
