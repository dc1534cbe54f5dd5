import { Argument, type Command } from "commander";
import { bashScript } from "../completion/bash.ts";
import { fishScript } from "../completion/fish.ts";
import { type Completions, completionsOf } from "../completion/places.ts";
import { zshScript } from "../completion/zsh.ts";
import { print } from "../report/report.ts";

const SHELLS: Readonly<Record<string, (completions: Completions) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const EXAMPLE = `
  source <(lanelock completion bash)                                      in ~/.bashrc
  lanelock completion zsh > ~/.zfunc/_lanelock                            ~/.zfunc being in $fpath
  lanelock completion fish > ~/.config/fish/completions/lanelock.fish`;

export function addCompletion(program: Command): void {
  program
    .command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SHELLS)))
    .addHelpText("after", EXAMPLE)
    .action((shell: string) => print(SHELLS[shell]?.(completionsOf(program)).trimEnd() ?? ""));
}
