import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { runTool } from "../tokens/installed.ts";
import { scratchFolder } from "../tokens/scratch-folder.ts";

// The scripts are loaded into real shells, which are asked what completes a line.

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const folder = scratchFolder("completion");
const script = (shell: string) => join(folder, `lanelock.${shell}`);

beforeAll(() => {
  for (const shell of ["bash", "zsh", "fish"]) {
    writeFileSync(script(shell), runTool(process.execPath, [binary, "completion", shell]));
  }
  writeFileSync(join(folder, "material.bin"), "");
});

/** What comes after the last word of a line, and what must and must not be offered for it. */
const CASES: readonly (readonly [line: string, offered: readonly string[], not: readonly string[]])[] = [
  ["lanelock ", ["keys", "encrypt", "completion"], ["create", "describe"]],
  ["lanelock ke", ["keys"], ["encrypt"]],
  ["lanelock keys ", ["create", "import-parameters"], ["encrypt"]],
  ["lanelock keys create --sp", ["--spec"], ["--in"]],
  ["lanelock keys create --spec RSA", ["RSA_2048", "RSA_4096"], ["EC_P256"]],
  ["lanelock keys create --level H", ["HSM"], ["SOFTWARE"]],
  // A setting before the command, with a value that is itself a command's name.
  ["lanelock --caller encrypt keys li", ["list"], ["--out"]],
  ["lanelock encrypt --in mat", ["material.bin"], []],
  // Elsewhere --token is a label; here it is a file.
  ["lanelock keys import k --token mat", ["material.bin"], []],
  ["lanelock audit verify mat", ["material.bin"], []],
  ["lanelock seal --backend n", ["native"], ["wasm"]],
  ["lanelock open --js", ["--json"], []],
  ["lanelock completion ", ["bash", "fish"], []],
];

function shell(command: string, parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd: folder, encoding: "utf8", timeout: 60_000 });
  expect([status, stderr], parameters.join(" ")).toEqual([0, ""]);
  return stdout;
}

describe.each(CASES)("%j", (line, offered, not) => {
  test("bash", () => {
    const words = line
      .split(" ")
      .map((word) => `'${word}'`)
      .join(" ");
    const ask = `source ${script("bash")}; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _lanelock`;
    const answer = shell("bash", ["-c", `${ask}; printf '%s\\n' "\${COMPREPLY[@]}"`]).split("\n");
    expect(answer).toEqual(expect.arrayContaining([...offered]));
    for (const one of not) expect(answer).not.toContain(one);
  });

  test("fish", () => {
    const answer = shell("fish", ["-c", `source ${script("fish")}; complete -C '${line}'`])
      .split("\n")
      .map((row) => row.split("\t")[0]);
    expect(answer).toEqual(expect.arrayContaining([...offered]));
    for (const one of not) expect(answer).not.toContain(one);
  });
});

test("the completions of a level and a key spec are those that the KMS knows", async () => {
  const { KEY_SPECS, PROTECTION_LEVELS } = await import("../../src/kms/policy/key-matrix.ts");
  const text = runTool(process.execPath, [binary, "completion", "bash"]);
  for (const words of [KEY_SPECS, PROTECTION_LEVELS]) expect(text).toContain(words.join(" "));
});

test.each([
  ["lanelock keys cr", "create"],
  ["lanelock keys create --spec Aliyun_S", "Aliyun_SM4"],
  ["lanelock --caller encrypt keys desc", "describe"],
  ["lanelock keys import k --token mat", "material.bin"],
])("zsh, in a terminal: %j becomes … %s", (line, last) => {
  const program = join(folder, "ask.zsh");
  writeFileSync(
    program,
    `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; autoload -Uz compinit; compinit -u -D; source ${script("zsh")}; print loaded"
zpty -r shell answer '*loaded*loaded*'
zpty -w -n shell ${JSON.stringify(line)}$'\\t'
zpty -r shell answer '*${last}*'
print -r -- "$answer"
zpty -d shell
`,
  );
  expect(shell("zsh", ["-f", program])).toContain(last);
});

test("another shell is refused, with those there are", () => {
  const { status, stderr } = spawnSync(process.execPath, [binary, "completion", "tcsh"], { encoding: "utf8" });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^lanelock: .*bash, zsh, fish.*\n$/)]);
});
