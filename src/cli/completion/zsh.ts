import { quoted, valueArms, valuedOptions } from "./bash.ts";
import type { CompletedOption, Completions, Place } from "./places.ts";

/** A script for zsh: `lanelock completion zsh > _lanelock`, in a folder of $fpath. */
export function zshScript(completions: Completions): string {
  const { places, common } = completions;
  const described = (options: readonly CompletedOption[]) =>
    options.map(({ long, description }) => `${long}:${description}`);
  const choices = ({ path, commands, options }: Place) => {
    const all = [...commands.map(({ name, description }) => `${name}:${description}`), ...described(options)];
    return `    ${quoted(path)}) choices=(${all.map(quoted).join(" ")}) ;;`;
  };
  const filePlaces = places.filter(({ takesFiles }) => takesFiles).map(({ path }) => quoted(path));
  return `#compdef lanelock
# lanelock: completion for zsh. Save it as _lanelock in a folder of $fpath, before compinit.
_lanelock() {
  local place= skip= word previous="\${words[CURRENT - 1]}"
  local -a choices
  for word in "\${(@)words[2,CURRENT - 1]}"; do
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
  files: "_files",
  nothing: "_message value",
  words: (choices) => `compadd -- ${choices.map(quoted).join(" ")}`,
})}
  esac
  case "$place" in
${places.map(choices).join("\n")}
  esac
  choices+=(${described(common).map(quoted).join(" ")})
  _describe lanelock choices
  case "$place" in
    ${filePlaces.join("|") || "''"}) _files ;;
  esac
}
if [[ $funcstack[1] == _lanelock ]]; then _lanelock "$@"; else compdef _lanelock lanelock; fi
`;
}
