import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface ServerProcess {
  readonly port: number;
  /** Processor time of all threads until now, in nanoseconds. */
  cpuNanoseconds(): number;
  stop(): Promise<void>;
}

/** Starts a Node program that prints `listening on http://…:PORT`, on one processor where `taskset` is there to bind it. */
export async function startPinned(
  args: readonly string[],
  processor: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const child = spawn("taskset", ["-c", `${processor}`, process.execPath, ...args], {
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface(child.stdout).once("line", resolve)),
    ended.then(() => "ended"),
  ]);
  const port = Number(/:(\d+)$/.exec(line)?.[1]);
  if (!(port > 0)) throw new Error(`${args.join(" ")}: ${line}`);
  return {
    port,
    cpuNanoseconds() {
      const tasks = `/proc/${child.pid}/task`;
      return readdirSync(tasks)
        .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]))
        .reduce((sum, one) => sum + one, 0);
    },
    stop() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
