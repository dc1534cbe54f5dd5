import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/**
 * A script is read line by line, in a directory of its own; `#` begins a comment. Files it needs stand at its end, each behind
 * a line `-- name --`.
 *
 * | command | meaning |
 * |---|---|
 * | `lanelock …` | runs the real binary, which must exit with 0; `! lanelock …` must not |
 * | `openssl …`, `node …` | other programs, likewise |
 * | `stdin FILE` | input of the next program |
 * | `status N` | the exit status of the last program was N |
 * | `stdout REGEX`, `stderr REGEX` | what it wrote matches; `! stdout REGEX`: does not |
 * | `save NAME` | what it wrote becomes `$NAME`, without the last newline |
 * | `write FILE` | what it wrote goes to a file |
 * | `cmp A B` | two files are equal, `! cmp`: are not |
 * | `lists DIR A B …` | the directory has these files and no others |
 * | `exists FILE`, `mode FILE 600`, `mkdir DIR`, `cp A B`, `rm FILE`, `chmod 644 FILE`, `env NAME=VALUE` | |
 */
export class Script {
  readonly #directory = mkdtempSync(join(tmpdir(), "lanelock-cli-"));
  readonly #environment: Record<string, string> = {
    LANELOCK_HOME: join(this.#directory, "home"),
    PWD: this.#directory,
  };
  #input = Buffer.alloc(0);
  #last = { status: 0, stdout: Buffer.alloc(0), stderr: "" };

  async run(path: string): Promise<void> {
    if (!existsSync(binary)) throw new Error("dist/ is missing; run: npm run build");
    const [commands = "", ...files] = readFileSync(path, "utf8").split(/^-- (\S+) --\n/m);
    for (let i = 0; i + 1 < files.length; i += 2) writeFileSync(this.#file(files[i] ?? ""), files[i + 1] ?? "");
    for (const [index, line] of commands.split("\n").entries()) {
      try {
        await this.#line(line.trim());
      } catch (error) {
        const last = `last program: status ${this.#last.status}\n${this.#last.stdout}${this.#last.stderr}`;
        throw new Error(`${path}:${index + 1}: ${line}\n${error instanceof Error ? error.message : error}\n${last}`);
      }
    }
  }

  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  async #line(line: string): Promise<void> {
    if (line === "" || line.startsWith("#")) return;
    const negated = line.startsWith("! ");
    const [name = "", ...args] = this.#words(negated ? line.slice(2) : line);
    const builtin = this.#builtins[name];
    const holds = await (builtin ? builtin(args) : this.#program(name, args));
    if (holds === negated) throw new Error(negated ? "should have failed" : "failed");
  }

  /** Words are parted by spaces, unless in quotes; `$NAME` is replaced, but in single quotes. */
  #words(line: string): string[] {
    const words = line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
    return words.map((word) =>
      word.replace(
        /'([^']*)'|"([^"]*)"|[^"']+/g,
        (part, single?: string, double?: string) => single ?? this.#expand(double ?? part),
      ),
    );
  }

  #expand(text: string): string {
    return text.replace(/\$(\w+)/g, (_whole, name: string) => {
      const value = this.#environment[name];
      if (value === undefined) throw new Error(`$${name} is not set`);
      return value;
    });
  }

  async #program(name: string, args: readonly string[]): Promise<boolean> {
    const [command, before] = name === "lanelock" ? [process.execPath, [binary]] : [name, []];
    const child = spawn(command, [...before, ...args], {
      cwd: this.#directory,
      env: { PATH: process.env.PATH, HOME: this.#directory, ...this.#environment },
    });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (data) => stdout.push(data));
    child.stderr.on("data", (data) => stderr.push(data));
    // A program that was not understood ends without reading its input.
    child.stdin.on("error", () => undefined).end(this.#input);
    this.#input = Buffer.alloc(0);
    const status = await new Promise<number>((resolve, reject) => {
      child.once("error", reject).once("close", (code) => resolve(code ?? -1));
    });
    this.#last = { status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
    return status === 0;
  }

  readonly #builtins: Readonly<Record<string, (args: readonly string[]) => boolean | Promise<boolean>>> = {
    stdin: ([file = ""]) => {
      this.#input = readFileSync(this.#file(file));
      return true;
    },
    status: ([expected]) => this.#last.status === Number(expected),
    stdout: ([pattern = ""]) => new RegExp(pattern, "m").test(this.#last.stdout.toString()),
    stderr: ([pattern = ""]) => new RegExp(pattern, "m").test(this.#last.stderr),
    save: ([name = ""]) => {
      this.#environment[name] = this.#last.stdout.toString().replace(/\n$/, "");
      return true;
    },
    write: ([file = ""]) => {
      writeFileSync(this.#file(file), this.#last.stdout);
      return true;
    },
    cmp: ([a = "", b = ""]) => readFileSync(this.#file(a)).equals(readFileSync(this.#file(b))),
    lists: ([directory = "", ...names]) => readdirSync(this.#file(directory)).sort().join() === names.sort().join(),
    exists: ([file = ""]) => existsSync(this.#file(file)),
    mode: ([file = "", expected = ""]) => (statSync(this.#file(file)).mode & 0o777).toString(8) === expected,
    mkdir: ([directory = ""]) => mkdirSync(this.#file(directory), { recursive: true }) !== undefined,
    cp: ([from = "", to = ""]) => {
      mkdirSync(dirname(this.#file(to)), { recursive: true });
      cpSync(this.#file(from), this.#file(to));
      return true;
    },
    rm: ([file = ""]) => {
      rmSync(this.#file(file), { recursive: true });
      return true;
    },
    chmod: ([mode = "", file = ""]) => this.#program("chmod", [mode, file]),
    env: ([assignment = ""]) => {
      const at = assignment.indexOf("=");
      this.#environment[assignment.slice(0, at)] = assignment.slice(at + 1);
      return true;
    },
  };
}
