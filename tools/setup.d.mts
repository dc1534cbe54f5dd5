export declare const root: string;
export declare function run(command: string, args: readonly string[], options?: object): void;
export declare function installDependencies(folder?: string): void;
export declare function prepare(options?: { readonly frozen?: boolean }): void;
