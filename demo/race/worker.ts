// Runs races away from the page, one at a time: the page starts one with RaceOptions and its machine, and ends the worker to cancel.

import { type Progress, type RaceOptions, race } from "./race.ts";
import type { Machine, Results } from "./results.ts";

export interface Start extends RaceOptions {
  readonly machine: Machine;
}

export type Report =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "results"; readonly results: Results }
  | { readonly kind: "failure"; readonly message: string };

const report = (what: Report) => postMessage(what);

addEventListener("message", async ({ data }: MessageEvent<Start>) => {
  try {
    const { machine, ...options } = data;
    // A turn of the event loop between samples lets garbage be collected there rather than inside of a sample.
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve));
    const progress = (progress: Progress) => report({ kind: "progress", progress });
    report({ kind: "results", results: await race(options, machine, { pause, progress }) });
  } catch (error) {
    report({ kind: "failure", message: error instanceof Error ? error.message : String(error) });
  }
});
