// The order of test files under `npm run test:mutants`: a file that noticed the fault before comes first, then the quickest. One
// failure is enough to notice a fault, so most are noticed within a second.
import { relative } from "node:path";
import { BaseSequencer } from "vitest/node";

export default class QuickestFirst extends BaseSequencer {
  async sort(files) {
    const ranked = files.map((file) => {
      const { cache, config } = this.ctx;
      const key = `${file.project.name}:${relative(config.root, file.moduleId)}`;
      const { failed = false, duration = 0 } = cache.getFileTestResults(key) ?? {};
      return { file, rank: failed ? 0 : 1 + duration };
    });
    return ranked.sort((a, b) => a.rank - b.rank).map(({ file }) => file);
  }
}
