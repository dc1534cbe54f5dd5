export type Build = "plain" | "relaxed";
export declare const builds: readonly [Build, ...Build[]];

export type PartName = "engine" | "aes" | "aes-blocks" | "sm4" | "aes-modes" | "sm4-modes";

export interface Part {
  readonly name: PartName;
  readonly entry: string;
  readonly exports: string;
  readonly constants: number;
  readonly hasMemory?: boolean;
}

export declare const parts: readonly [Part, ...Part[]];
export declare function partOptions(part: Pick<Part, "constants" | "hasMemory">): string[];
